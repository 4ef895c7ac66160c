import type { ExecutionContext } from 'ava';
import type { Connection } from '../../sdk/connection.ts';
import { range } from '../../shard/iterables.ts';
import * as app from './fixtures/app.ts';
import type { Fleet } from './fixtures/fleet.ts';
import { held, stops } from './fixtures/gated.ts';
import { rowsOn } from './fixtures/rows.ts';

// Nodes that are not told would go on for longer than any test.
const row = rowsOn({ nodes: 2, args: ['--limit', 'replayMs=600000'] });

const SIZE = 8;
const SMALL = { initialBatchSize: SIZE, maxBatchSize: SIZE, hedge: false } as const;

/** Maps `gated` without end, and calls back once both nodes hold an input. */
async function leaving(
  t: ExecutionContext,
  fleet: Fleet,
  leave: (outputs: AsyncGenerator<number>, warp: Connection) => Promise<unknown>,
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  const warp = await fleet.connect();
  let closed = false;
  function* inputs(): Generator<number> {
    try {
      yield* range(Infinity);
    } finally {
      closed = true;
    }
  }
  const outputs = warp.function(app.gated).map(inputs(), { ...SMALL, ...options });
  // The first batch of each node has come.
  for (const value of range(2 * SIZE)) t.is((await outputs.next()).value, value * 2);
  await held(fleet);
  await leave(outputs, warp);
  t.true(closed);
  // Though the connection is still there.
  for (const member of fleet.members) await member.idle();
  await warp[Symbol.asyncDispose]();
  await stops(t, fleet);
}

row('the loop is left by `break`, `return` or an error', async (t, fleet) => {
  await leaving(t, fleet, (outputs) => outputs.return(undefined));
  fleet.record.restart();
  await leaving(t, fleet, async (outputs) => {
    const error = new Error('the consumer is at fault');
    await t.throwsAsync(outputs.throw(error), { is: error });
  });
});

row("the map's `signal` aborts", async (t, fleet) => {
  const stop = new AbortController();
  const reason = new Error('enough');
  await leaving(
    t,
    fleet,
    async (outputs) => {
      stop.abort(reason);
      await t.throwsAsync(outputs.next(), { is: reason });
    },
    { signal: stop.signal },
  );
});

row('the connection is closed', async (t, fleet) => {
  await leaving(t, fleet, async (outputs, warp) => {
    const next = t.throwsAsync(outputs.next(), { code: 'DISPOSED' });
    await warp[Symbol.asyncDispose]();
    await next;
  });
});

row('the source of inputs throws', async (t, fleet) => {
  const warp = await fleet.connect();
  const error = new Error('the source is at fault');
  async function* inputs(): AsyncGenerator<number> {
    yield* range(5 * SIZE);
    await held(fleet);
    throw error;
  }
  const outputs = warp.function(app.gated).map(inputs(), SMALL);
  await t.throwsAsync(Array.fromAsync(outputs), { is: error });
  await warp[Symbol.asyncDispose]();
  await stops(t, fleet);
});
