import test from 'ava';
import { ShardError } from '../../shard/errors.ts';
import { range } from '../../shard/iterables.ts';
import type { PumpOptions, PumpProgress } from '../../shard/options.ts';
import { pump } from '../../shard/pump.ts';
import { FakeClock } from './fake-clock.ts';
import { laneOf, type RecordedLane, type Send } from './lanes.ts';

interface Timed extends RecordedLane<number, number> {
  aborted: number;
}

/** A lane that takes some milliseconds for the batches of those numbers, and 10 for all others. */
function timed(name: string, clock: FakeClock, slow: Readonly<Record<number, number>> = {}, concurrency = 1): Timed {
  const lane = laneOf<number, number>(
    name,
    async function* (batch, signal) {
      signal.addEventListener('abort', () => counted.aborted++);
      await clock.sleep(slow[batch.number] ?? 10, signal);
      yield { first: 0, outputs: batch.inputs };
    },
    concurrency,
  );
  const counted = Object.assign(lane, { aborted: 0 });
  return counted;
}

const sized = (clock: FakeClock): PumpOptions => ({
  clock,
  initialBatchSize: 10,
  maxBatchSize: 10,
  batchMilliseconds: 10_000,
});

test('a batch that takes too long is run by an idle lane as well, and stopped where it was late', async (t) => {
  const clock = new FakeClock();
  const slow = timed('slow', clock, { 0: 600_000 });
  const quick = timed('quick', clock);
  const seen: PumpProgress[] = [];
  const options = { ...sized(clock), onProgress: (progress: PumpProgress) => seen.push(progress) };
  t.deepEqual(await clock.run(Array.fromAsync(pump(range(40), [slow, quick], options))), [...range(40)]);
  t.is(clock.now(), 1010);
  t.is(slow.aborted, 1);
  t.is(slow.cancelled, 0);
  t.like(quick.batches.at(-1), { number: 0, attempt: 1 });
  t.like(seen.at(-1), { done: 40, hedged: 10, resent: 0, retried: 0, lanes: [] });
  t.is(clock.pending, 0);
});

test('a batch is late only after several times what the idle lane needs for as many inputs', async (t) => {
  const clock = new FakeClock();
  const slow = timed('slow', clock, { 0: 600_000 });
  const quick = timed('quick', clock, { 1: 1000, 2: 1000, 3: 1000 });
  await clock.run(Array.fromAsync(pump(range(40), [slow, quick], sized(clock))));
  t.is(clock.now(), 3 * 1000 + 10);
});

test('a lane that is still needed for other inputs takes over nothing', async (t) => {
  const clock = new FakeClock();
  const slow = timed('slow', clock, { 0: 5000 });
  const quick = timed('quick', clock);
  const options = { ...sized(clock), ordered: false };
  await clock.run(Array.fromAsync(pump(range(10_000), [slow, quick], options)));
  t.is(slow.aborted, 0);
  t.true(quick.batches.every(({ attempt }) => attempt === 0));
});

test('of a batch that is late only the rest is sent, and what came before counts', async (t) => {
  const clock = new FakeClock();
  const late = laneOf<number, string>(
    'late',
    async function* (batch, signal) {
      yield { first: 0, outputs: batch.inputs.slice(0, 4).map((input) => `late ${input}`) };
      await clock.sleep(600_000, signal);
    },
    1,
  );
  const quick = laneOf<number, string>(
    'quick',
    async function* (batch) {
      await clock.sleep(10);
      yield { first: 0, outputs: batch.inputs.map((input) => `quick ${input}`) };
    },
    1,
  );
  const outputs = await clock.run(Array.fromAsync(pump(range(20), [late, quick], sized(clock))));
  t.deepEqual(
    outputs,
    [...range(20)].map((input) => `${input < 4 ? 'late' : 'quick'} ${input}`),
  );
  t.deepEqual(quick.batches.at(-1)?.indices, [4, 5, 6, 7, 8, 9]);
});

test('the late lane may still be first, and then the other is stopped', async (t) => {
  const clock = new FakeClock();
  const slow = timed('slow', clock, { 0: 1005 });
  const quick = timed('quick', clock);
  t.deepEqual(await clock.run(Array.fromAsync(pump(range(20), [slow, quick], sized(clock)))), [...range(20)]);
  t.is(clock.now(), 1005);
  t.is(quick.aborted, 1);
});

test('a lane is stopped where only inputs are left to it that another has answered before it was lost', async (t) => {
  const clock = new FakeClock();
  const late = laneOf<number, number>(
    'late',
    async function* (batch, signal) {
      signal.addEventListener('abort', () => stopped++);
      const [first, ...others] = batch.inputs;
      await clock.sleep(5000, signal);
      yield { first: 1, outputs: others };
      await clock.sleep(600_000, signal);
      yield { first: 0, outputs: [first!] };
    },
    1,
  );
  const brief = laneOf<number, number>(
    'brief',
    async function* (batch, signal) {
      await clock.sleep(10, signal);
      if (batch.number > 0) return yield { first: 0, outputs: batch.inputs };
      yield { first: 0, outputs: batch.inputs.slice(0, 1) };
      throw new ShardError('LANE_LOST', 'gone');
    },
    1,
  );
  let stopped = 0;
  t.deepEqual(await clock.run(Array.fromAsync(pump(range(20), [late, brief], sized(clock)))), [...range(20)]);
  t.deepEqual([clock.now(), stopped, clock.pending], [5000, 1, 0]);
});

test('no more than a share of the batches is sent twice, and at least one', async (t) => {
  const share = async (budget: number): Promise<[hedges: number, batches: number]> => {
    const clock = new FakeClock();
    const slow = timed('slow', clock, Object.fromEntries([...range(1000)].map((number) => [number, 100_000])));
    const quick = timed('quick', clock);
    const map = pump(range(1000), [slow, quick], { ...sized(clock), hedge: { budget }, window: 30 });
    t.deepEqual(await clock.run(Array.fromAsync(map)), [...range(1000)]);
    return [quick.batches.filter(({ attempt }) => attempt > 0).length, slow.batches.length + quick.batches.length];
  };
  t.is((await share(0))[0], 1);
  const [hedges, batches] = await share(0.05);
  t.true(hedges > 1 && hedges <= Math.ceil(0.05 * batches), `${hedges} of ${batches} batches`);
});

test('a batch is never sent twice to one node', async (t) => {
  const clock = new FakeClock();
  const [one, same] = [timed('a', clock, { 0: 50_000 }), timed('a', clock)];
  await clock.run(Array.fromAsync(pump(range(40), [one, same], sized(clock))));
  t.is(clock.now(), 50_000);
});

test('a map that must not run anything twice does not', async (t) => {
  const clock = new FakeClock();
  const [slow, quick] = [timed('slow', clock, { 0: 50_000 }), timed('quick', clock)];
  await clock.run(Array.fromAsync(pump(range(40), [slow, quick], { ...sized(clock), hedge: false })));
  t.is(clock.now(), 50_000);
  t.is(quick.batches.length, 3);
});

const outcome = test.macro({
  title: (_, what: string) => `${what} costs no output and repeats none`,
  async exec(t, _what: string, first: Send<number, number>, second: Send<number, number>, attempts: number) {
    const clock = new FakeClock();
    const ran: number[] = [];
    const part = (name: string, run: Send<number, number>) =>
      laneOf<number, number>(
        name,
        async function* (batch, signal) {
          if (batch.number === 0) {
            ran.push(batch.attempt);
            if (batch.attempt < 2) {
              await clock.sleep(batch.attempt === 0 ? 2000 : 500, signal);
              yield* run(batch, signal);
              return;
            }
          } else await clock.sleep(10);
          yield { first: 0, outputs: batch.inputs };
        },
        1,
      );
    const lanes = [part('a', first), part('b', second)];
    t.deepEqual(await clock.run(Array.fromAsync(pump(range(40), lanes, sized(clock)))), [...range(40)]);
    t.deepEqual(ran, [...range(attempts)]);
  },
});

// oxlint-disable-next-line require-yield
const lost: Send<number, number> = async function* () {
  throw new ShardError('LANE_LOST', 'gone');
};
const works: Send<number, number> = async function* (batch) {
  yield { first: 0, outputs: batch.inputs };
};
test('late lost', outcome, 'a late lane that is lost after its batch was answered elsewhere', lost, works, 2);
test('second lost', outcome, 'a second lane that is lost before the late one answers', works, lost, 2);
test('both lost', outcome, 'the loss of both lanes', lost, lost, 3);
