import { range, repeat } from '../../shard/iterables.ts';
import * as app from './fixtures/app.ts';
import { rowsOn } from './fixtures/rows.ts';

const row = rowsOn({ nodes: 2, args: ['--limit', 'batchInputs=64'] });

const doubles = (count: number): number[] => Array.from({ length: count }, (_, value) => value * 2);
/** Runs are counted, so nothing is sent twice for being late. */
const ONCE = { hedge: false } as const;
const ONE_BATCH = { ...ONCE, initialBatchSize: 64, returnErrors: true } as const;
/** Each value of the range as often. */
const each = (count: number, times: number): Map<number, number> =>
  new Map(Array.from(range(count), (value) => [value, times]));

row('the function, on one input', async (t, fleet) => {
  await using warp = await fleet.connect();
  const strict = warp.function(app.strict);
  const outputs = await Array.fromAsync(strict.map(range(60), ONE_BATCH));
  for (const [value, output] of outputs.entries()) {
    if (value % 10 === 3) t.like(output, { name: 'InputError', code: 'FUNCTION_FAILED', index: value, attempts: 1 });
    else t.is(output, value * 2);
  }
  t.deepEqual(fleet.record.counts('strict'), each(60, 1));

  await t.throwsAsync(Array.fromAsync(strict.map(range(60))), { name: 'InputError', message: /3 ends in 3/ });

  const flaky = await Array.fromAsync(warp.function(app.flaky).map(range(8), ONE_BATCH));
  t.like(flaky[3], { name: 'InputError', attempts: 3 });
  t.like(flaky[7], { name: 'InputError', attempts: 3 });
  t.deepEqual(
    flaky.filter((output) => typeof output === 'number'),
    [0, 2, 4, 8, 10, 12],
  );
  const runs = fleet.record.counts('flaky');
  for (const value of range(8)) t.is(runs.get(value), 1 + Math.min(2, value % 4));
});

row('a batched function, on a batch as a whole', async (t, fleet) => {
  await using warp = await fleet.connect();
  const outputs = await Array.fromAsync(warp.function(app.poisoned).map(range(60), ONE_BATCH));
  t.like(outputs[13], { name: 'InputError', code: 'FUNCTION_FAILED', index: 13 });
  t.regex((outputs[13] as Error).message, /TypeError: 13 is poison$/);
  t.deepEqual(outputs.toSpliced(13, 1), doubles(60).toSpliced(13, 1));
  const runs = fleet.record.counts('poisoned');
  // The batch of 16, and its half, quarter, pair and self.
  t.is(runs.get(13), 5);
  t.true([...runs.values()].every((times) => times <= 5));
  t.is(runs.get(20), 1);
});

row('a batched function gives another number of outputs than it was given inputs', async (t, fleet) => {
  await using warp = await fleet.connect();
  const outputs = await Array.fromAsync(warp.function(app.short).map(range(60), ONE_BATCH));
  t.like(outputs[13], { name: 'InputError', code: 'FUNCTION_FAILED', index: 13 });
  t.regex((outputs[13] as Error).message, /Expected short to give an array of 1 outputs, got 0$/);
  t.deepEqual(outputs.toSpliced(13, 1), doubles(60).toSpliced(13, 1));
  t.is(fleet.record.counts('short').get(13), 5);
});

row('a handler takes longer than its `timeout`', async (t, fleet) => {
  await using warp = await fleet.connect();
  const outputs = await Array.fromAsync(warp.function(app.endless).map(range(40), ONE_BATCH));
  t.like(outputs[3], { code: 'TIMEOUT', index: 3, attempts: 1 });
  t.deepEqual(outputs.toSpliced(3, 1), doubles(40).toSpliced(3, 1));
  const runs = fleet.record.counts('endless');
  t.is(runs.get(3), 1);
  t.true([...runs.values()].every((times) => times <= 2));
});

row('a worker of an app dies', async (t, fleet) => {
  await using warp = await fleet.connect();
  const outputs = await Array.fromAsync(warp.function(app.deadly).map(range(60), repeat('once'), ONE_BATCH));
  t.deepEqual(outputs, doubles(60));
  const runs = fleet.record.counts('deadly');
  t.is(runs.get(13), 2);
  t.true([...runs.values()].every((times) => times <= 2));
});

row('a worker of an app dies of the same input again', async (t, fleet) => {
  await using warp = await fleet.connect();
  const outputs = await Array.fromAsync(warp.function(app.deadly).map(range(60), repeat('always'), ONE_BATCH));
  t.like(outputs[13], { name: 'InputError', code: 'WORKER_CRASHED', index: 13 });
  t.deepEqual(outputs.toSpliced(13, 1), doubles(60).toSpliced(13, 1));
  t.true(fleet.record.counts('deadly').get(13)! <= 3);
});

row('a worker runs out of memory', async (t, fleet) => {
  await using warp = await fleet.connect();
  const { record } = fleet;
  t.deepEqual(await Array.fromAsync(warp.function(app.hungry).map(range(60), ONE_BATCH)), doubles(60));
  const places = record.entries.filter(({ what, value }) => what === 'hungry' && value === 13).map(({ pid }) => pid);
  t.is(places.length, 2);
  t.not(places[0], places[1]);
  t.true([...record.counts('hungry')].every(([value, times]) => times === (value === 13 ? 2 : 1)));

  const starved = await Array.fromAsync(warp.function(app.starved).map(range(60), ONE_BATCH));
  t.like(starved[13], { name: 'InputError', code: 'OUT_OF_MEMORY', index: 13 });
  t.deepEqual(starved.toSpliced(13, 1), doubles(60).toSpliced(13, 1));
});

row('no worker of an app can be started', async (t, fleet) => {
  const [first] = fleet.members;
  const { record } = fleet;
  record.put('broken-0');
  try {
    await using warp = await fleet.connect();
    const double = warp.function(app.double);
    for (const { node, pid } of record.all) if (node === '0') kill(pid);
    t.deepEqual(await Array.fromAsync(double.map(range(600), ONCE)), doubles(600));
    t.deepEqual(record.counts('double'), each(600, 1));
    t.true(record.entries.every(({ what, node }) => what !== 'double' || node === '1'));
    t.true((await first!.metric('warpmap_batches_total', 'WORKER_UNAVAILABLE')) > 0);
    record.put('broken-1');
    for (const { node, pid } of record.all) if (node === '1') kill(pid);
    const error = await t.throwsAsync(Array.fromAsync(double.map(range(600))), { code: 'LANES_EXHAUSTED' });
    t.regex(error?.message ?? '', /answered WORKER_UNAVAILABLE: No worker of double could be started/);
  } finally {
    await record.remove('broken-0');
    await record.remove('broken-1');
  }
  // The nodes try again in a while, and those that they refuse until then may have given up.
  await using warp = await fleet.connect();
  for (;;) {
    const [output] = await Array.fromAsync(warp.function(app.double).map([4])).catch((error: unknown) => {
      t.like(error, { code: 'LANES_EXHAUSTED' });
      return [];
    });
    if (output === 8) return;
  }
});

row("an input that can't travel (a function, a cycle)", async (t, fleet) => {
  await using warp = await fleet.connect();
  const cycle: unknown[] = [];
  cycle.push(cycle);
  const inputs = [1, 2, () => 3, 4, cycle] as number[];
  const outputs = await Array.fromAsync(warp.function(app.double).map(inputs, ONE_BATCH));
  t.like(outputs[2], { name: 'InputError', code: 'INPUT_INVALID', index: 2 });
  t.regex(String(outputs[4]), /it contains itself/);
  t.deepEqual(outputs.toSpliced(4, 1).toSpliced(2, 1), [2, 4, 8]);
});

row("an output that can't travel", async (t, fleet) => {
  await using warp = await fleet.connect();
  const outputs = await Array.fromAsync(warp.function(app.unsendable).map(range(8), ONE_BATCH));
  t.like(outputs[3], { name: 'InputError', code: 'FUNCTION_FAILED', index: 3 });
  t.deepEqual(outputs.toSpliced(3, 1), doubles(8).toSpliced(3, 1));
  t.deepEqual(fleet.record.counts('unsendable'), each(8, 1));
});

row('a batch that a node finds too large (413)', async (t, fleet) => {
  await using warp = await fleet.connect();
  const outputs = await Array.fromAsync(warp.function(app.double).map(range(300), { ...ONCE, initialBatchSize: 300 }));
  t.deepEqual(outputs, doubles(300));
  t.deepEqual(fleet.record.counts('double'), each(300, 1));
});

row('the function is unknown, the token is wrong, an option is refused', async (t, fleet) => {
  await using warp = await fleet.connect();
  const map = warp.function('faults/nothing').map(range(1000));
  await t.throwsAsync(Array.fromAsync(map), { name: 'NodeError', code: 'FUNCTION_NOT_FOUND' });
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
