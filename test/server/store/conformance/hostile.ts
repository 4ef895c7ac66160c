/** Values that nobody sends in good faith. */
import type { ChunkStore } from '../../../../server/store/contract.ts';
import type { CallOutcome } from '../../../../shard/call/contract.ts';
import { begin, block, type Check, claim, FAILURE, finished, start } from './stage.ts';

/** What UTF-8 can't say comes back as U+FFFD or as it was, and ends nothing. */
const LONE = 'a\ud800b\udc00';
const NUL = 'a\u0000b';
const HUGE = `${'ü'.repeat(500_000)}😀`;
const NAMES = ['__proto', 'constructor', 'toString', 'hasOwnProperty', "'; DROP TABLE calls; --", '%', '_', '$1', '{}'];

/** Page after page: huge ones may not go into one. */
async function allOf(store: ChunkStore, call: string): Promise<CallOutcome[]> {
  const all: CallOutcome[] = [];
  for (let from = 0; ;) {
    const { outcomes, next, end } = await store.outcomes(call, { from, limit: 9 });
    all.push(...outcomes);
    if (end) return all;
    from = next;
  }
}

export function hostile(check: Check): void {
  check('texts with NUL, with quotes, huge ones and names of prototypes come back as they were', async (t, store) => {
    for (const text of [NUL, HUGE, '', ...NAMES]) {
      const options = { text, [text]: { constructor: text, toString: 1 } };
      const name = text.length > 200 || text.includes('\0') ? 'app/f' : `app/${text}`;
      const id = await begin(store, 1, { function: name, options });
      const [lease] = await claim(store, 1, { functions: [{ function: name }] });
      t.deepEqual(lease!.options, options);
      const failure = { ...FAILURE, node: text, input: text, error: { code: text, message: text, details: options } };
      const outcomes = [0, 1, 2, 3].map((first) => ({ kind: 'failure' as const, first, failure }));
      await store.acknowledge([{ ...finished(lease!), outcomes }]);
      t.deepEqual(await allOf(store, id), outcomes);
      const line = { time: 1, level: text, message: text, node: text, fields: options };
      await store.log(id, [line]);
      t.deepEqual((await store.logs(id, { limit: 1 })).lines, [line]);
      t.is((await store.list({ limit: 1, function: name }))[0]!.function, name);
    }
    t.deepEqual(await store.list({ limit: 9, function: '%' }), []);
    t.deepEqual(await store.list({ limit: 9, function: '%/' }), []);
  });

  check('lone surrogates do not keep a failure or a line from being stored', async (t, store) => {
    const id = await begin(store, 1, { count: 1 });
    const [lease] = await claim(store, 1);
    const failure = { ...FAILURE, error: { code: 'X', message: LONE }, input: LONE };
    await store.acknowledge([{ ...finished(lease!), outcomes: [{ kind: 'failure', first: 0, failure }] }]);
    const { outcomes } = await store.outcomes(id, { from: 0, limit: 1 });
    t.is(outcomes[0]!.kind, 'failure');
    await store.log(id, [{ time: 1, level: 'info', message: LONE, node: LONE }]);
    t.is((await store.logs(id, { limit: 1 })).lines.length, 1);
  });

  check('details that can not be kept do not keep their failure from being stored', async (t, store) => {
    const id = await begin(store, 1, { count: 1 });
    const [lease] = await claim(store, 1);
    const details = JSON.parse('{"__proto__": {"polluted": true}}') as unknown;
    const failure = { ...FAILURE, error: { code: 'X', message: 'm', details } };
    await store.acknowledge([{ ...finished(lease!), outcomes: [{ kind: 'failure', first: 0, failure }] }]);
    const [outcome] = (await store.outcomes(id, { from: 0, limit: 1 })).outcomes;
    t.true(outcome?.kind === 'failure' && outcome.failure.error.message === 'm');
    t.is(({} as { polluted?: unknown }).polluted, undefined);
    await store.log(id, [
      { time: 1, level: 'info', message: 'm', node: 'n', fields: details as Record<string, unknown> },
    ]);
    t.is((await store.logs(id, { limit: 1 })).lines[0]!.message, 'm');
  });

  check('a chunk of one input of 3 MB, and a view of a larger buffer, come back whole', async (t, store) => {
    const large = new Uint8Array(3_000_000).map((_, at) => at * 31);
    const shared = new Uint8Array(1000).fill(7);
    shared.set(block(5, 2), 100);
    const view = shared.subarray(100, 100 + block(5, 2).length);
    const { id } = await store.create(start());
    await store.append(id, [
      { index: 0, first: 0, count: 1, block: large },
      { index: 1, first: 1, count: 2, block: view },
    ]);
    t.is(shared.length, 1000, 'what the caller has is left to it');
    const leases = await claim(store, 2);
    t.true(Buffer.from(leases[0]!.block).equals(large));
    t.true(Buffer.from(leases[1]!.block).equals(block(5, 2)));
    await store.acknowledge(
      leases.map((lease) => ({
        ...finished(lease),
        outcomes: [
          { kind: 'outputs', first: lease.first, count: lease.count, block: lease.index === 0 ? large : view },
        ],
      })),
    );
    const { outcomes } = await store.outcomes(id, { from: 0, limit: 9 });
    const [one, two] = outcomes.map((outcome) => (outcome.kind === 'outputs' ? Buffer.from(outcome.block) : undefined));
    t.true(one!.equals(large) && two!.equals(block(5, 2)));
  });
}
