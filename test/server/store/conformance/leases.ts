/** How chunks are leased, acknowledged, released and lost. */
import type { LeaseName } from '../../../../server/store/contract.ts';
import {
  begin,
  type Check,
  chunks,
  claim,
  COUNT,
  drain,
  failure,
  finished,
  LEASE_MS,
  names,
  outputs,
  start,
  told,
} from './stage.ts';

export function leasing(check: Check): void {
  check('a lease has all that is needed to run the chunk', async (t, store) => {
    const options = { topK: 5, weights: Float32Array.of(1, 2), nested: { list: [1, 'x', null, true] } };
    const retries = { maxRetries: 3, jitter: 0 };
    const id = await begin(store, 1, { version: 4, options, retries });
    t.deepEqual(await claim(store, 1), [], 'another version is another function');
    const [lease] = await claim(store, 1, { functions: [{ function: 'app/f', version: 4 }] });
    const { block: bytes, fence, ...rest } = lease!;
    t.true(fence > 0);
    t.deepEqual(Buffer.from(bytes), Buffer.from(chunks(1)[0]!.block));
    t.deepEqual(rest, {
      call: id,
      index: 0,
      function: 'app/f',
      version: 4,
      options,
      retries,
      first: 0,
      count: COUNT,
      settled: [],
      losses: 0,
      failures: [],
    });
  });

  check('only functions that were asked for are leased, and no more chunks than asked for', async (t, store) => {
    const f = await begin(store, 3);
    const g = await begin(store, 1, { function: 'app/g' });
    t.deepEqual(await claim(store, 5, { functions: [] }), []);
    t.deepEqual(await claim(store, 0), []);
    t.deepEqual(names(await claim(store, 2)), [`${f} 0`, `${f} 1`]);
    t.deepEqual(names(await claim(store, 5, { functions: [{ function: 'app/g' }, { function: 'x' }] })), [`${g} 0`]);
    t.deepEqual(names(await claim(store, 5)), [`${f} 2`]);
    t.deepEqual(await claim(store, 5), []);
  });

  check(
    'of several calls chunks are leased in turn, so that a large one does not starve a small one',
    async (t, store) => {
      const large = await begin(store, 30);
      const taken = async (limit: number) => (await claim(store, limit)).map(({ call }) => call);
      await taken(4);
      const small = await begin(store, 2);
      const [first, second] = [await taken(4), await taken(4)];
      t.true([...first, ...second].filter((call) => call === small).length === 2, 'within two turns it has all');
      t.true([...first, ...second].includes(large), 'nor the other way round');
      const third = await begin(store, 10);
      const counts = new Map<string, number>();
      for (let turn = 0; turn < 10; turn++) {
        for (const call of await taken(1)) counts.set(call, (counts.get(call) ?? 0) + 1);
      }
      t.is(counts.get(large), 5);
      t.is(counts.get(third), 5);
      t.is((await taken(100)).length, 30 + 2 + 10 - 4 - 4 - 4 - 10, 'and what is left goes to who asks');
    },
  );

  check('many new calls do not starve an old one', async (t, store) => {
    const old = await begin(store, 3);
    let seen = 0;
    for (let turn = 0; turn < 12; turn++) {
      await begin(store, 1);
      seen += (await claim(store, 2)).filter(({ call }) => call === old).length;
    }
    t.is(seen, 3);
  });

  check('two that have the store open never lease one chunk both', async (t, store, stage) => {
    const other = await stage.open();
    await begin(store, 60, { count: 1 });
    await begin(store, 40, { count: 1 });
    const both = await Promise.all(Array.from({ length: 24 }, (_, at) => claim(at % 2 === 0 ? store : other, 5)));
    const leased = names(both.flat());
    t.is(leased.length, 100);
    t.is(new Set(leased).size, 100);
  });

  check(
    'what a node acknowledges in parts is kept when it is lost, and the next runs only the rest',
    async (t, store, stage) => {
      const id = await begin(store, 1, { count: 8 });
      const [lease] = await claim(store, 1);
      const answer = await store.acknowledge([
        { lease: lease!, outcomes: [outputs(0, 2), failure(4)], retried: 1, next: 'keep' },
        { lease: lease!, outcomes: [outputs(2, 1)], retried: 2, next: 'keep' },
      ]);
      t.deepEqual(answer, [true, true]);
      const { counts } = await store.status(id);
      t.deepEqual(counts, { inputs: 8, pending: 0, running: 4, done: 3, failed: 1, cancelled: 0, retried: 3 });
      await stage.advance(LEASE_MS + 1);
      const [next] = await claim(store, 1);
      t.deepEqual(next!.settled, [0, 3, 4, 1]);
      t.is(next!.losses, 1);
      t.true(next!.fence > lease!.fence);
      t.deepEqual(await store.acknowledge([{ ...finished(next!), outcomes: [outputs(3, 1), outputs(5, 3)] }]), [true]);
      t.is((await store.status(id)).state, 'done');
      t.deepEqual(told(await store.outcomes(id, { from: 0, limit: 100 })), ['0+2', '2+1', '3+1', '4!', '5+3']);
    },
  );

  check('a node that was taken for lost changes nothing any more', async (t, store, stage) => {
    const id = await begin(store, 1);
    const [zombie] = await claim(store, 1);
    await stage.advance(LEASE_MS + 1);
    const [next] = await claim(store, 1);
    const before = await store.status(id);
    t.deepEqual(await store.acknowledge([{ ...finished(zombie!), retried: 5 }]), [false]);
    t.deepEqual(await store.acknowledge([{ ...finished(zombie!), next: { release: { afterMs: 0 } } }]), [false]);
    t.deepEqual(await store.renew([zombie!, next!], LEASE_MS), ['lost', 'held']);
    t.deepEqual(await store.status(id), before);
    t.deepEqual(await store.acknowledge([finished(next!)]), [true]);
    const page = await store.outcomes(id, { from: 0, limit: 9 });
    t.deepEqual(await store.acknowledge([{ ...finished(zombie!), outcomes: [failure(0)] }]), [false]);
    t.deepEqual(await store.outcomes(id, { from: 0, limit: 9 }), page);
  });

  check('of acknowledgements that come together, each is taken or not by itself', async (t, store, stage) => {
    const id = await begin(store, 3);
    const [zombie] = await claim(store, 1);
    await stage.advance(LEASE_MS + 1);
    const leases = await claim(store, 3);
    t.deepEqual(await store.acknowledge([leases[1]!, zombie!, leases[0]!].map(finished)), [true, false, true]);
    t.is((await store.status(id)).counts.done, 2 * COUNT);
  });

  check('an acknowledgement that comes twice, for its answer was lost, counts once', async (t, store) => {
    const id = await begin(store, 2, { count: 8 });
    const [one, two] = await claim(store, 2);
    const part = { lease: one!, outcomes: [outputs(0, 3), failure(3)], retried: 0, next: 'keep' as const };
    await store.acknowledge([part]);
    t.deepEqual(await store.acknowledge([part]), [true]);
    t.like((await store.status(id)).counts, { done: 3, failed: 1, running: 12 });
    const whole = { lease: one!, outcomes: [outputs(4, 4)], retried: 1, next: 'finish' as const };
    const released = { lease: two!, outcomes: [outputs(8, 4)], retried: 1, next: { release: { afterMs: 0 } } };
    await store.acknowledge([whole, released]);
    const after = await store.status(id);
    t.deepEqual(await store.acknowledge([whole, released]), [true, true]);
    t.deepEqual(await store.status(id), after);
    t.like(after.counts, { pending: 4, running: 0, done: 11, failed: 1, retried: 2 });
  });

  check('an outcome that is taken ends the count of losses', async (t, store, stage) => {
    await begin(store, 1);
    const lose = async () => {
      const [lease] = await claim(store, 1);
      await stage.advance(LEASE_MS + 1);
      return lease!.losses;
    };
    t.deepEqual([await lose(), await lose(), await lose()], [0, 1, 2]);
    const [lease] = await claim(store, 1);
    t.is(lease!.losses, 3);
    await store.acknowledge([{ lease: lease!, outcomes: [], retried: 1, next: 'keep' }]);
    await stage.advance(LEASE_MS + 1);
    const [again] = await claim(store, 1);
    t.is(again!.losses, 4);
    await store.acknowledge([{ lease: again!, outcomes: [outputs(0, 1)], retried: 0, next: 'keep' }]);
    await stage.advance(LEASE_MS + 1);
    t.is(await lose(), 1);
  });

  check(
    'a lease tells how often its inputs have failed, as was last said, but of none that has an outcome',
    async (t, store, stage) => {
      await begin(store, 1);
      const say = async (more: object) => {
        const [lease] = await claim(store, 1);
        const said = { lease: lease!, outcomes: [], retried: 0, next: { release: { afterMs: 0 } } };
        t.deepEqual(await store.acknowledge([{ ...said, ...more }]), [true]);
        return lease!.failures;
      };
      t.deepEqual(await say({ failures: [0, 1, 2, 3] }), []);
      t.deepEqual(await say({}), [0, 1, 2, 3]);
      t.deepEqual(await say({ outcomes: [failure(2)] }), [0, 1, 2, 3]);
      t.deepEqual(await say({ next: 'keep' }), [0, 1]);
      await stage.advance(LEASE_MS + 1);
      t.deepEqual(await say({ failures: [1, 5] }), [0, 1]);
      t.deepEqual(await say({ failures: [] }), [1, 5]);
      t.deepEqual(await say({ failures: [3, 2], outcomes: [failure(0), failure(1), failure(3)], next: 'finish' }), []);
    },
  );

  check(
    'the first outcome of an input stays; one that covers some that have one is ignored whole',
    async (t, store) => {
      const id = await begin(store, 1, { count: 8 });
      const [lease] = await claim(store, 1);
      const say = (outcomes: Parameters<typeof store.acknowledge>[0][number]['outcomes'], next: 'keep' | 'finish') =>
        store.acknowledge([{ lease: lease!, outcomes, retried: 0, next }]);
      await say([outputs(2, 2)], 'keep');
      t.deepEqual(await say([failure(2), outputs(0, 3), failure(4), outputs(4, 2)], 'keep'), [true]);
      t.deepEqual(told(await store.outcomes(id, { after: 0, limit: 100 })), ['2+2', '4!']);
      t.deepEqual(await say([outputs(0, 8)], 'finish'), [true]);
      t.like(
        (await store.status(id)).counts,
        { done: 2, failed: 1, pending: 5, running: 0 },
        'what has none is run again',
      );
      const [again] = await claim(store, 1);
      t.deepEqual(again!.settled, [2, 3]);
      t.is(again!.losses, 0);
    },
  );

  check(
    'outcomes of inputs that the chunk does not have are refused, and nothing of them is kept',
    async (t, store) => {
      const id = await begin(store, 2);
      const [lease] = await claim(store, 1);
      for (const wrong of [outputs(COUNT, 1), outputs(0, COUNT + 1), outputs(0, 0), failure(-1)]) {
        const said = { lease: lease!, outcomes: [outputs(0, 1), wrong], retried: 0, next: 'keep' as const };
        await t.throwsAsync(store.acknowledge([said]), { code: 'OPTION_INVALID' });
      }
      t.is((await store.status(id)).counts.done, 0);
      t.deepEqual(await store.acknowledge([finished(lease!)]), [true]);
    },
  );

  check('all outcomes of a chunk finish it, whatever is said of the lease', async (t, store, stage) => {
    const id = await begin(store, 1);
    const [lease] = await claim(store, 1);
    await store.acknowledge([{ ...finished(lease!), next: 'keep' }]);
    t.is((await store.status(id)).state, 'done');
    t.deepEqual(await store.renew([lease!], LEASE_MS), ['held']);
    await stage.advance(2 * LEASE_MS);
    t.deepEqual(await claim(store, 1), []);
  });

  check(
    'a chunk that is released can be leased at once, or when its delay is over; neither is a loss',
    async (t, store, stage) => {
      const id = await begin(store, 2);
      const [one, two] = await claim(store, 2);
      await store.acknowledge([
        { lease: one!, outcomes: [], retried: 0, next: { release: { afterMs: 0 } } },
        { lease: two!, outcomes: [outputs(COUNT, 1)], retried: 0, next: { release: { afterMs: 5000 } } },
      ]);
      t.like((await store.status(id)).counts, { pending: 2 * COUNT - 1, running: 0, done: 1 });
      t.deepEqual(names(await claim(store, 5)), [`${id} 0`]);
      await stage.advance(4000);
      t.deepEqual(await claim(store, 5), []);
      await stage.advance(1001);
      const [again] = await claim(store, 5);
      t.deepEqual([again!.index, again!.losses, again!.settled], [1, 0, [COUNT, 1]]);
      t.true(again!.fence > two!.fence);
    },
  );

  check(
    'a lease that is renewed outlives its time, and one that is not is lost, once for each time',
    async (t, store, stage) => {
      const id = await begin(store, 2);
      const [one, two] = await claim(store, 2);
      for (let turn = 0; turn < 3; turn++) {
        await stage.advance(LEASE_MS - 1000);
        t.deepEqual(await store.renew([one!], LEASE_MS), ['held']);
      }
      const [next] = await claim(store, 5);
      t.deepEqual([next!.index, next!.losses], [1, 1]);
      t.deepEqual(await store.renew([two!, one!], LEASE_MS), ['lost', 'held']);
      await stage.advance(LEASE_MS + 1);
      t.deepEqual(
        (await claim(store, 5)).map(({ index, losses }) => [index, losses]),
        [
          [0, 1],
          [1, 2],
        ],
      );
      const name: LeaseName = { call: id, index: 99, fence: 1 };
      t.not((await store.renew([name], LEASE_MS))[0], 'held');
    },
  );

  check('a clock that is set forward ends leases too soon, which does no harm', async (t, store, stage) => {
    const id = await begin(store, 2);
    const early = await claim(store, 2);
    await stage.advance(365 * 24 * 3600 * 1000);
    const late = await claim(store, 2);
    t.is(late.length, 2);
    t.deepEqual(await store.acknowledge(early.map(finished)), [false, false]);
    t.deepEqual(await store.acknowledge(late.map(finished)), [true, true]);
    t.like(await store.status(id), { state: 'done', counts: { ...(await store.status(id)).counts, done: 2 * COUNT } });
  });

  check('a clock that is set back ends the leases and delays that begin in its future', async (t, store, stage) => {
    const id = await begin(store, 2);
    const [one, two] = await claim(store, 2);
    await store.acknowledge([{ lease: two!, outcomes: [], retried: 0, next: { release: { afterMs: 60_000 } } }]);
    await stage.advance(-3600 * 1000);
    const again = await claim(store, 5);
    t.deepEqual(names(again), [`${id} 0`, `${id} 1`]);
    t.deepEqual(await store.renew([one!, ...again], LEASE_MS), ['lost', 'held', 'held']);
    await drain(store);
    t.deepEqual(await store.acknowledge(again.map(finished)), [true, true]);
  });

  check('a call of which all is leased leaves the turn to others', async (t, store) => {
    const { id } = await store.create(start());
    await store.append(id, chunks(1));
    await claim(store, 1);
    const other = await begin(store, 3);
    t.deepEqual(names(await claim(store, 3)), [`${other} 0`, `${other} 1`, `${other} 2`]);
  });
}
