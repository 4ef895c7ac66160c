import test from 'ava';
import { CoreError } from '../../../core/errors.ts';
import { ServerError } from '../../../server/errors.ts';
import type { CallFailure } from '../../../shard/call/contract.ts';
import { ManualClock } from '../fixtures/clock.ts';
import { aborted, failing, Stage, working } from './stage.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const doubled = ({ input }: { input: unknown }): number => (input as number) * 2;
const retries = { maxRetries: 2, initialDelay: 1_000, backoffCoefficient: 2, maxDelay: 60_000, jitter: 0 };

/** Lets what was begun get on. */
const breathe = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test('what fails is stored with what is known of it, and its mates are done', async (t) => {
  await using stage = await Stage.open();
  const work = working(({ input }) => {
    if (input === 3) throw new TypeError('3 is odd');
    return doubled({ input });
  });
  stage.runner([work]);
  const call = await stage.call(range(8));
  t.like((await stage.done(call)).counts, { done: 7, failed: 1, retried: 0 });
  const outcomes = await stage.outcomes(call);
  t.like(outcomes[3], {
    attempts: 1,
    losses: 0,
    node: 'here',
    input: '3',
    error: { message: 'TypeError: 3 is odd' },
  });
  t.deepEqual(outcomes.toSpliced(3, 1), [0, 2, 4, 8, 10, 12, 14]);
});

test('an input is tried again after just the delay of its policy, and holds up no other meanwhile', async (t) => {
  await using stage = await Stage.open();
  const clock = new ManualClock();
  const work = working(({ input, failures }) => {
    if (input === 3 && failures < 2) throw new Error('not yet');
    return doubled({ input });
  });
  stage.runner([work], { clock });
  const call = await stage.call(range(8), { retries });
  // What waits to be stored waits for a moment of the clock.
  const pass = async (milliseconds: number): Promise<void> => {
    clock.advance(milliseconds);
    for (let turn = 0; turn < 20; turn++) await breathe();
  };
  while (work.runs.length < 1) await pass(0);
  await pass(100);
  await stage.until(call, ({ counts }) => counts.done === 7 && counts.retried === 1);
  await pass(899);
  t.is(work.runs.length, 1);
  await pass(1);
  t.deepEqual(work.runs[1], { inputs: [3], failures: 1, positions: [3] });
  await pass(1_999);
  t.is(work.runs.length, 2);
  await pass(1);
  t.deepEqual(work.runs[2], { inputs: [3], failures: 2, positions: [3] });
  t.like((await stage.done(call)).counts, { done: 8, failed: 0, retried: 2 });
});

test('an input that fails at every try has failed when the policy says so', async (t) => {
  await using stage = await Stage.open();
  const work = working(() => {
    throw new Error('never');
  });
  stage.runner([work]);
  const call = await stage.call(range(2), { retries: { ...retries, initialDelay: 1 } });
  t.like((await stage.done(call)).counts, { failed: 2, retried: 4 });
  t.deepEqual(
    (await stage.outcomes(call)).map((each) => (each as CallFailure).attempts),
    [3, 3],
  );
});

test('the policy of the function counts where the call has none', async (t) => {
  await using stage = await Stage.open();
  const work = working(
    ({ input, failures }) => {
      if (failures === 0) throw new Error('not yet');
      return input;
    },
    { retries: { maxRetries: 1, initialDelay: 1 } },
  );
  stage.runner([work]);
  t.like((await stage.done(await stage.call(range(4)))).counts, { done: 4, retried: 4 });
  const strict = await stage.call(range(4), { retries: { maxRetries: 0 } });
  t.like((await stage.done(strict)).counts, { done: 0, failed: 4 });
});

test('tries are counted over leases', async (t) => {
  await using stage = await Stage.open();
  const policy = { ...retries, maxRetries: 1, initialDelay: 500 };
  const first = working(() => {
    throw new Error('never');
  });
  const clock = new ManualClock();
  const stopped = stage.runner([first], { clock });
  const call = await stage.call([7], { retries: policy });
  while (first.runs.length === 0) await breathe();
  await stopped[Symbol.asyncDispose]();
  const second = working(() => {
    throw new Error('never');
  });
  stage.runner([second]);
  await stage.done(call);
  t.deepEqual(second.runs, [{ inputs: [7], failures: 1, positions: [0] }]);
  t.is(((await stage.outcomes(call))[0] as CallFailure).attempts, 2);
});

test('a chunk that waits long for a retry is given back', async (t) => {
  await using stage = await Stage.open();
  const work = working(() => {
    throw new Error('not today');
  });
  const runner = stage.runner([work]);
  const call = await stage.call([1], { retries: { ...retries, initialDelay: 60_000 } });
  await stage.until(call, ({ counts }) => counts.retried === 1 && counts.pending === 1);
  while (runner.leased > 0) await breathe();
  t.is(work.runs.length, 1);
});

test('what is wrong with the input itself is not tried again', async (t) => {
  await using stage = await Stage.open();
  const work = working(() => {
    throw new ServerError('INPUT_INVALID', 'no');
  });
  stage.runner([work]);
  const call = await stage.call([1], { retries });
  t.like((await stage.done(call)).counts, { failed: 1, retried: 0 });
});

test('bytes that are no inputs fail each of them, and nothing else', async (t) => {
  await using stage = await Stage.open();
  stage.runner([working(doubled)]);
  const block = Uint8Array.from([0, 0, 0, 0, 2, 0, 0, 0, 0xc1, 0, 0, 0, 0, 0, 0, 0]);
  const id = crypto.randomUUID();
  await stage.store.create({ id, function: 'work', retries });
  await stage.store.append(id, [{ index: 0, first: 0, count: 2, block }]);
  await stage.store.seal(id, { chunks: 1, inputs: 2 });
  await stage.done(id);
  for (const outcome of await stage.outcomes(id)) {
    t.like(outcome, { error: { code: 'FRAME_INVALID' }, input: 'unreadable', attempts: 1 });
  }
});

test('a store that can not be written for a while costs no output, and no second run', async (t) => {
  await using stage = await Stage.open();
  let refused = 0;
  const store = failing(stage.store, 'acknowledge', () =>
    refused++ < 3 ? new ServerError('STORE_UNAVAILABLE', 'the disk is full') : undefined,
  );
  const work = working(doubled);
  stage.runner([work], { store });
  const call = await stage.call(range(100));
  t.like((await stage.done(call)).counts, { done: 100 });
  t.true(refused > 3);
  t.is(
    work.runs.reduce((sum, { inputs }) => sum + inputs.length, 0),
    100,
  );
});

test('a store that can not be asked for work for a while is asked again', async (t) => {
  await using stage = await Stage.open();
  let refused = 0;
  const store = failing(stage.store, 'claim', () =>
    refused++ < 2 ? new ServerError('STORE_UNAVAILABLE', 'it is away') : undefined,
  );
  stage.runner([working(doubled)], { store });
  t.like((await stage.done(await stage.call(range(8)))).counts, { done: 8 });
});

test('what can not be run here is given back with the reason, and run once it can be', async (t) => {
  await using stage = await Stage.open();
  let broken = true;
  const work = working(({ input }) => {
    if (broken) throw new CoreError('WORKER_UNAVAILABLE', 'No worker can be started');
    return input;
  });
  stage.runner([work]);
  const call = await stage.call([1, 2]);
  let lines;
  do ({ lines } = await stage.store.logs(call, { limit: 10 }));
  while (lines.length === 0);
  t.like(lines[0], { level: 'warn', node: 'here' });
  t.regex(lines[0]!.message, /can't be run on this node now: WORKER_UNAVAILABLE: No worker/);
  t.like((await stage.store.status(call)).counts, { done: 0, failed: 0 });
  broken = false;
  t.like((await stage.done(call)).counts, { done: 2, failed: 0 });
});

test('a call that is cancelled stops at once where it runs', async (t) => {
  await using stage = await Stage.open();
  const arrived = Promise.withResolvers<void>();
  const told = Promise.withResolvers<unknown>();
  const work = working(({ signal }) => {
    arrived.resolve();
    return aborted(signal).catch(told.resolve);
  });
  const runner = stage.runner([work]);
  const call = await stage.call(range(4));
  await arrived.promise;
  await stage.store.cancel(call);
  runner.cancelled(call);
  t.like(await told.promise, { code: 'CALL_CANCELLED' });
  t.like(await stage.store.status(call), { state: 'cancelled', counts: { cancelled: 4 } });
  while (runner.leased > 0) await breathe();
});

test('a node whose lease has run out stops, and what it says of it later does not count', async (t) => {
  await using stage = await Stage.open();
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const late = working(async () => {
    arrived.resolve();
    await gate.promise;
    return 'late';
  });
  // Its clock stands still, so it renews nothing.
  const runner = stage.runner([late], { clock: new ManualClock(), limits: { leaseMs: 1 } });
  const call = await stage.call([1]);
  await arrived.promise;
  stage.runner([working(() => 'in time')]);
  await stage.done(call);
  gate.resolve();
  while (runner.leased > 0) await breathe();
  t.deepEqual(await stage.outcomes(call), ['in time']);
});

test('leases are renewed while their chunks run', async (t) => {
  await using stage = await Stage.open();
  const gate = Promise.withResolvers<void>();
  const work = working(async ({ input }) => {
    await gate.promise;
    return input;
  });
  const other = working(doubled);
  let renewals = 0;
  const store = failing(stage.store, 'renew', () => {
    // For three times as long as a lease lasts.
    if (++renewals === 15) gate.resolve();
    return undefined;
  });
  stage.runner([work], { store, limits: { leaseMs: 500 } });
  const call = await stage.call([1]);
  while (work.runs.length === 0) await breathe();
  stage.runner([other]);
  await stage.done(call);
  t.deepEqual(other.runs, []);
});

test('a chunk under which node after node was lost is run input by input, each stored before the next', async (t) => {
  await using stage = await Stage.open();
  const call = await stage.call(range(4));
  await stage.lose(2);
  const stored: number[] = [];
  const work = working(async ({ input }) => {
    stored.push((await stage.store.status(call)).counts.done);
    return input;
  });
  stage.runner([work]);
  t.like((await stage.done(call)).counts, { done: 4 });
  t.deepEqual(
    work.runs.map(({ inputs }) => inputs),
    [[0], [1], [2], [3]],
  );
  t.deepEqual(stored, [0, 1, 2, 3]);
});

test('a chunk that waits to be run with nothing beside it stays leased meanwhile', async (t) => {
  await using stage = await Stage.open();
  const gate = Promise.withResolvers<void>();
  const slow = working(() => gate.promise, { name: 'slow' });
  const [work, other] = [working(doubled), working(doubled)];
  let renewals = 0;
  const store = failing(stage.store, 'renew', () => {
    // For three times as long as a lease lasts.
    if (++renewals === 15) gate.resolve();
    return undefined;
  });
  const before = await stage.call([1], { function: 'slow' });
  const call = await stage.call([1]);
  await stage.lose(2);
  stage.runner([slow, work], { store, limits: { leaseMs: 500 } });
  await stage.until(call, ({ counts }) => counts.running === 1);
  while (slow.runs.length === 0) await breathe();
  stage.runner([other]);
  await stage.done(call);
  t.like(await stage.store.status(before), { state: 'done' });
  t.deepEqual([work.runs.length, other.runs.length], [1, 0]);
});

test('the input that was to be run first is convicted at last, and the others are done', async (t) => {
  await using stage = await Stage.open();
  const call = await stage.call(range(4));
  await stage.lose(5);
  const work = working(({ input }) => input);
  stage.runner([work]);
  t.like((await stage.done(call)).counts, { done: 3, failed: 1 });
  t.like((await stage.outcomes(call))[0], { losses: 5, input: '0', error: { code: 'INPUT_LOST' } });
  t.deepEqual(
    work.runs.map(({ inputs }) => inputs),
    [[1], [2], [3]],
  );
});

test('a runner that finishes ends what it has, and takes nothing more', async (t) => {
  await using stage = await Stage.open();
  const gate = Promise.withResolvers<void>();
  const work = working(async ({ input }) => {
    await gate.promise;
    return input;
  });
  const runner = stage.runner([work]);
  const call = await stage.call(range(4));
  while (work.runs.length === 0) await breathe();
  const finished = runner.finish();
  const other = await stage.call(range(4));
  gate.resolve();
  await finished;
  t.like(await stage.store.status(call), { state: 'done' });
  t.like((await stage.store.status(other)).counts, { pending: 4, running: 0 });
});

test('a runner that ends gives back what it has, for others to run at once', async (t) => {
  await using stage = await Stage.open();
  const work = working(({ signal }) => aborted(signal));
  const runner = stage.runner([work]);
  const call = await stage.call(range(4));
  while (work.runs.length === 0) await breathe();
  await runner[Symbol.asyncDispose]();
  t.like((await stage.store.status(call)).counts, { pending: 4, running: 0 });
  const [lease] = await stage.store.claim({
    node: 'next',
    functions: [{ function: 'work' }],
    limit: 1,
    leaseMs: 1_000,
  });
  t.like(lease, { losses: 0, count: 4 });
});
