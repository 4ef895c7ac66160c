import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { range, repeat } from '../../../shard/iterables.ts';
import * as tricks from './apps/tricks.ts';
import { type House, openHouse } from './harness.ts';

const test = anyTest as TestFn<House>;
const opened = openHouse();
test.beforeEach(async (t) => {
  t.timeout(90_000);
  t.context = await opened;
});
test.after.always(async () => (await opened)[Symbol.asyncDispose]());

const ONE_BATCH = { initialBatchSize: 100, returnErrors: true } as const;

const DEATHS = {
  exit: /died \(exit code 7\) 2 times/,
  kill: /died \(SIGKILL\) 2 times/,
  reject: /died \(exit code 1, Error: nobody catches this\) 2 times/,
} as const;

for (const how of ['exit', 'kill', 'reject'] as const) {
  test.serial(`an input on which the worker always dies (${how}) fails, and its batch-mates do not`, async (t) => {
    const deadly = t.context.warp.function(tricks.deadly);
    const outputs = await Array.fromAsync(deadly.map(range(40), repeat(how), ONE_BATCH));
    t.like(outputs[13], { name: 'InputError', code: 'WORKER_CRASHED', index: 13 });
    t.regex((outputs[13] as unknown as Error).message, DEATHS[how]);
    t.deepEqual(outputs.toSpliced(13, 1), [...range(40)].toSpliced(13, 1));
  });
}

test.serial('inputs of a worker that died once are run again, and nobody notices', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-host-'));
  try {
    const file = join(folder, 'stumbled');
    const outputs = await Array.fromAsync(t.context.warp.function(tricks.stumble).map(range(40), repeat(file)));
    t.deepEqual(outputs, [...range(40)]);
    t.true(existsSync(file));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.serial('a handler that takes too long fails that input, and the others are run elsewhere', async (t) => {
  const outputs = await Array.fromAsync(t.context.warp.function(tricks.stuck).map(range(40), ONE_BATCH));
  t.like(outputs[3], { name: 'InputError', code: 'TIMEOUT', index: 3 });
  t.deepEqual(outputs.toSpliced(3, 1), [...range(40)].toSpliced(3, 1));
});

test.serial('a batched handler that takes too long is run on halves until the input at fault is alone', async (t) => {
  const outputs = await Array.fromAsync(t.context.warp.function(tricks.stuckBatch).map(range(16), ONE_BATCH));
  t.like(outputs[3], { name: 'InputError', code: 'TIMEOUT', index: 3 });
  t.deepEqual(outputs.toSpliced(3, 1), [...range(16)].toSpliced(3, 1));
});

test.serial('a caller that leaves is told to the handler', async (t) => {
  const { warp, journal } = t.context;
  const stop = new AbortController();
  const outputs = Array.fromAsync(warp.function(tricks.patient).map([1, 2], { signal: stop.signal }));
  await journal.says('patient began');
  stop.abort(new Error('enough'));
  await t.throwsAsync(outputs, { message: 'enough' });
  await journal.says('patient was told');
  // The second input had not begun, and does not.
  t.is(journal.entries.filter(({ msg }) => msg === 'patient began').length, 1);
});

test.serial('a signal ends all that is called through one function', async (t) => {
  const { warp, journal } = t.context;
  const stop = new AbortController();
  const patient = warp.function(tricks.patient, { signal: stop.signal });
  const one = patient.remote(77);
  await journal.first(({ msg, index }) => msg === 'patient began' && index === 0);
  stop.abort(new Error('enough'));
  await t.throwsAsync(one, { message: 'enough' });
  await t.throwsAsync(patient.remote(78), { message: 'enough' });
  await t.throwsAsync(Array.fromAsync(patient.map([1], { signal: AbortSignal.timeout(60_000) })), {
    message: 'enough',
  });
});
