/** How outcomes and logs are read, while they come and afterwards. */
import type { OutcomesPage } from '../../../../server/store/contract.ts';
import type { CallLogLine } from '../../../../shard/call/contract.ts';
import { begin, type Check, claim, drain, failure, FAILURE, finished, outputs, told } from './stage.ts';

export function reading(check: Check): void {
  check('outputs and failures come back as they were given', async (t, store) => {
    const id = await begin(store, 1, { count: 3 });
    const [lease] = await claim(store, 1);
    await store.acknowledge([{ ...finished(lease!), outcomes: [failure(2), outputs(0, 2)] }]);
    const { outcomes, next, end } = await store.outcomes(id, { from: 0, limit: 10 });
    t.deepEqual([next, end], [3, true]);
    const [first, second] = outcomes;
    if (first?.kind !== 'outputs' || second?.kind !== 'failure') return t.fail();
    t.deepEqual(
      [first.first, first.count, Buffer.from(first.block)],
      [0, 2, Buffer.from((outputs(0, 2) as typeof first).block)],
    );
    t.deepEqual(second, { kind: 'failure', first: 2, failure: FAILURE });
  });

  check('a page by position ends before the first gap, and the next goes on when it is closed', async (t, store) => {
    const id = await begin(store, 4);
    const leases = await claim(store, 4);
    await store.acknowledge([leases[0]!, leases[2]!, leases[3]!].map(finished));
    const page = await store.outcomes(id, { from: 0, limit: 1000 });
    t.deepEqual([told(page), page.next, page.end], [['0+4'], 4, false]);
    t.deepEqual(await store.outcomes(id, { from: 4, limit: 1000 }), { outcomes: [], next: 4, end: false });
    t.deepEqual(told(await store.outcomes(id, { from: 8, limit: 1000 })), ['8+4', '12+4'], 'from behind the gap too');
    await store.acknowledge([finished(leases[1]!)]);
    const rest = await store.outcomes(id, { from: 4, limit: 1000 });
    t.deepEqual([told(rest), rest.next, rest.end], [['4+4', '8+4', '12+4'], 16, true]);
  });

  check('a page by position begins with the outcome that has that input', async (t, store) => {
    const id = await begin(store, 3);
    await drain(store);
    t.deepEqual(told(await store.outcomes(id, { from: 6, limit: 1 })), ['4+4']);
    t.deepEqual(await store.outcomes(id, { from: 12, limit: 1 }), { outcomes: [], next: 12, end: true });
    t.deepEqual(await store.outcomes(id, { from: 500, limit: 1 }), { outcomes: [], next: 500, end: true });
  });

  check('pages have about as many inputs as asked for, and at least one outcome', async (t, store) => {
    const id = await begin(store, 6);
    await drain(store);
    for (const limit of [1, 4, 5, 8, 1000]) {
      const pages: OutcomesPage[] = [];
      for (let from = 0; !pages.at(-1)?.end; from = pages.at(-1)!.next) {
        pages.push(await store.outcomes(id, { from, limit }));
        if (pages.length > 10) return t.fail('no end');
      }
      t.deepEqual(pages.flatMap(told), ['0+4', '4+4', '8+4', '12+4', '16+4', '20+4']);
      t.true(
        pages.every(({ outcomes }) => outcomes.length <= Math.max(1, Math.ceil(limit / 4))),
        String(limit),
      );
    }
  });

  check('outcomes as they came are each told once, in one order, to who reads while they come', async (t, store) => {
    const id = await begin(store, 12);
    const seen: string[] = [];
    let after = 0;
    for (;;) {
      // From the last chunk to the first, three at a time.
      const leases = await claim(store, 3);
      await store.acknowledge(leases.toReversed().map(finished));
      const page = await store.outcomes(id, { after, limit: 8 });
      seen.push(...told(page));
      after = page.next;
      if (page.end) break;
    }
    t.is(seen.length, 12);
    t.is(new Set(seen).size, 12);
    t.deepEqual(seen.slice(0, 3), ['8+4', '4+4', '0+4']);
    t.deepEqual(told(await store.outcomes(id, { after: 0, limit: 1000 })), seen);
    t.deepEqual(await store.outcomes(id, { after, limit: 1000 }), { outcomes: [], next: after, end: true });
  });

  check('failures alone are read by position and as they came', async (t, store) => {
    const id = await begin(store, 4);
    await drain(store, [1, 5, 6, 14]);
    const failed = true;
    t.deepEqual(told(await store.outcomes(id, { from: 0, limit: 100, failed })), ['1!', '5!', '6!', '14!']);
    t.deepEqual(told(await store.outcomes(id, { from: 6, limit: 100, failed })), ['6!', '14!']);
    const seen: string[] = [];
    let after = 0;
    for (let end = false; !end;) {
      const page = await store.outcomes(id, { after, limit: 2, failed });
      seen.push(...told(page));
      ({ next: after, end } = page);
    }
    t.deepEqual(seen, ['1!', '5!', '6!', '14!']);
    const { next } = await store.outcomes(id, { from: 0, limit: 2, failed });
    t.deepEqual(told(await store.outcomes(id, { from: next, limit: 2, failed })), ['6!', '14!']);
  });

  check('calls do not see the outcomes of each other', async (t, store) => {
    const ids = [await begin(store, 3), await begin(store, 3)];
    await drain(store);
    for (const id of ids) {
      t.deepEqual(told(await store.outcomes(id, { from: 0, limit: 100 })), ['0+4', '4+4', '8+4']);
      t.is((await store.outcomes(id, { after: 0, limit: 100 })).outcomes.length, 3);
    }
  });

  check('log lines come back as they were written, in their order, a page at a time', async (t, store) => {
    const id = await begin(store, 1);
    const other = await begin(store, 1);
    t.deepEqual(await store.logs(id, { limit: 10 }), { lines: [], next: 0 });
    await store.log(id, [line(0, { index: 3, fields: { a: [1, { b: 'c' }] } }), line(1)]);
    await store.log(other, [line(7)]);
    await store.log(id, [line(2)]);
    await store.log(id, []);
    const first = await store.logs(id, { limit: 2 });
    t.deepEqual(first.lines, [line(0, { index: 3, fields: { a: [1, { b: 'c' }] } }), line(1)]);
    const second = await store.logs(id, { after: first.next, limit: 2 });
    t.deepEqual(second.lines, [line(2)]);
    t.deepEqual(await store.logs(id, { after: second.next, limit: 2 }), { lines: [], next: second.next });
  });

  check('the log of a call keeps the newest 10,000 lines', async (t, store) => {
    const id = await begin(store, 1);
    const many = Array.from({ length: 6000 }, (_, at) => line(at));
    await store.log(id, many);
    await store.log(id, many);
    const { lines, next } = await store.logs(id, { limit: 20_000 });
    t.is(lines.length, 10_000);
    t.deepEqual([lines[0]!.message, lines.at(-1)!.message], ['line 2000', 'line 5999']);
    await store.log(
      id,
      Array.from({ length: 12_000 }, (_, at) => line(at)),
    );
    const rest = await store.logs(id, { after: next, limit: 20_000 });
    t.deepEqual([rest.lines.length, rest.lines[0]!.message], [10_000, 'line 2000']);
  });
}

function line(at: number, more: Partial<CallLogLine> = {}): CallLogLine {
  return { time: 1000 + at, level: 'info', message: `line ${at}`, node: 'n', ...more };
}
