import test from 'ava';
import { ShardError } from '../../shard/errors.ts';
import { range } from '../../shard/iterables.ts';
import { pump } from '../../shard/pump.ts';
import { FakeClock } from './fake-clock.ts';
import { laneOf, mapping, type RecordedLane } from './lanes.ts';

const same = (name: string): RecordedLane<number, number> => mapping(name, (input) => input);
/** 10 to 29 belong to b, the rest to nobody. */
const homeOf = (index: number) => (index >= 10 && index < 30 ? { lane: 'b', end: 30 } : undefined);
const ran = (lane: RecordedLane<number, number>): number[] => lane.batches.flatMap(({ indices }) => indices);

test('inputs that belong to a lane go there, and to no other', async (t) => {
  const [a, b] = [same('a'), same('b')];
  const outputs = await Array.fromAsync(pump(range(100), [a, b], { homeOf, initialBatchSize: 8 }));
  t.deepEqual(outputs, [...range(100)]);
  t.deepEqual(
    ran(a).filter((index) => homeOf(index)),
    [],
  );
  for (const { indices } of [...a.batches, ...b.batches]) {
    t.is(new Set(indices.map((index) => homeOf(index)?.lane)).size, 1, `batch of ${indices.join()}`);
  }
});

test('while a lane is busy with what belongs to it, others go on with what comes after', async (t) => {
  const clock = new FakeClock();
  const a = same('a');
  let before: number[] = [];
  const b = laneOf<number, number>(
    'b',
    async function* (batch) {
      await clock.sleep(1000);
      if (before.length === 0) before = ran(a);
      yield { first: 0, outputs: batch.inputs };
    },
    1,
  );
  const outputs = pump(range(60), [a, b], { homeOf, clock, initialBatchSize: 10, maxBatchSize: 10 });
  t.deepEqual(await clock.run(Array.fromAsync(outputs)), [...range(60)]);
  t.true(before.some((index) => index >= 30));
});

test('what belongs to a lane that is lost, or is not there, is run anywhere', async (t) => {
  const clock = new FakeClock();
  const a = same('a');
  // oxlint-disable-next-line require-yield
  const b = laneOf<number, number>('b', async function* () {
    throw new ShardError('LANE_LOST', 'gone');
  });
  t.deepEqual(await clock.run(Array.fromAsync(pump(range(100), [a, b], { homeOf, clock }))), [...range(100)]);
  t.deepEqual(await Array.fromAsync(pump(range(100), [same('a')], { homeOf })), [...range(100)]);
});

test('a batch tells the positions of its inputs', async (t) => {
  const lane = mapping<string, string>('a', (input) => input);
  await Array.fromAsync(pump(['x', 'y', 'z'], [lane], { maxBatchSize: 2 }));
  t.deepEqual(
    lane.batches.map(({ indices }) => indices),
    [[0, 1], [2]],
  );
});
