import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { BatchSizer } from '../../shard/batch-size.ts';
import { estimateBytes } from '../../shard/bytes.ts';
import { range, repeat, zip } from '../../shard/iterables.ts';
import { Outputs } from '../../shard/outputs.ts';
import { LANE_RETRIES, retryDelay } from '../../shard/retry.ts';

const limits = { targetMilliseconds: 250, initialSize: 16, maxSize: 1000 };

testProp(
  'batch sizes come to last as long as asked, within their bounds',
  [fc.double({ min: 0.01, max: 2000, noNaN: true })],
  (t, millisecondsPerInput) => {
    const sizer = new BatchSizer(limits);
    for (let turn = 0; turn < 30; turn++) sizer.measured(sizer.size, sizer.size * millisecondsPerInput);
    const ideal = Math.min(1000, Math.max(1, 250 / millisecondsPerInput));
    t.true(Math.abs(sizer.size - ideal) <= 1, `${sizer.size} for ${ideal}`);
  },
);

test('batches grow by no more than four times from one to the next', (t) => {
  const sizer = new BatchSizer(limits);
  sizer.measured(16, 0);
  t.is(sizer.size, 64);
});

test('a batch that was short does not let the next grow beyond the last size', (t) => {
  const sizer = new BatchSizer(limits);
  sizer.measured(1, 0.01);
  t.is(sizer.size, 16);
});

testProp(
  'whatever the order of arrival, values leave in order and once',
  [fc.integer({ min: 0, max: 50 }).chain((count) => fc.shuffledSubarray([...range(count)], { minLength: count }))],
  (t, arrivals) => {
    const inOrder = new Outputs<number>(true);
    const asCompleted = new Outputs<number>(false);
    const ordered: number[] = [];
    const completed: number[] = [];
    for (const index of arrivals) {
      inOrder.put(index, index, 8);
      asCompleted.put(index, index, 8);
      while (inOrder.ready) ordered.push(inOrder.take());
      while (asCompleted.ready) completed.push(asCompleted.take());
    }
    t.deepEqual(ordered, [...range(arrivals.length)]);
    t.deepEqual(completed, arrivals);
    t.is(inOrder.bytes + asCompleted.bytes, 0);
  },
);

test('delays double up to their bound, and jitter only shortens them', (t) => {
  const delays = Array.from({ length: 8 }, (_, retry) => retryDelay(LANE_RETRIES, retry + 1, () => 0));
  t.deepEqual(delays, [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  t.is(
    retryDelay(LANE_RETRIES, 1, () => 0.5),
    225,
  );
});

test('a range counts from its start to before its end, up or down, and may be read again', (t) => {
  const three = range(3);
  t.deepEqual(
    [[...three], [...three]],
    [
      [0, 1, 2],
      [0, 1, 2],
    ],
  );
  t.deepEqual([...range(2, 5)], [2, 3, 4]);
  t.deepEqual([...range(5, 0, -2)], [5, 3, 1]);
  t.deepEqual([...range(0, 1, 0.25)], [0, 0.25, 0.5, 0.75]);
  t.deepEqual([...range(-3)], []);
  t.throws(() => range(0, 5, 0), { code: 'OPTION_INVALID' });
  t.throws(() => range(NaN), { code: 'OPTION_INVALID' });
});

test('repeat gives its value as often as told, or without end', (t) => {
  t.deepEqual([...repeat('a', 2)], ['a', 'a']);
  t.deepEqual([...repeat('a', 0)], []);
  t.is(repeat('a')[Symbol.iterator]().next().value, 'a');
  t.throws(() => repeat('a', 1.5), { code: 'OPTION_INVALID' });
  t.throws(() => repeat('a', -1), { code: 'OPTION_INVALID' });
});

test('zip ends with the shortest, reads no further, and closes the others', async (t) => {
  for (const asynchronous of [false, true]) {
    const log: string[] = [];
    function* numbers(name: string, count: number): Generator<number> {
      try {
        for (let value = 0; value < count; value++) {
          log.push(`${name}${value}`);
          yield value;
        }
      } finally {
        log.push(`${name} closed`);
      }
    }
    async function* later(): AsyncGenerator<number> {
      yield* numbers('a', 2);
    }
    const tuples = zip(asynchronous ? later() : numbers('a', 2), numbers('b', 5));
    t.deepEqual(await Array.fromAsync(tuples), [
      [0, 0],
      [1, 1],
    ]);
    t.deepEqual(log, ['a0', 'b0', 'a1', 'b1', 'a closed', 'b closed']);
  }
});

test('zip refuses a bare string, and says how to repeat it', (t) => {
  t.throws(() => zip('dog', [1]), { message: /argument 1 .* repeat\("dog"\)/ });
});

test('the estimate of bytes counts text, vectors and what objects hold', (t) => {
  t.is(estimateBytes('abcd'), 8);
  t.true(estimateBytes(new Float32Array(384)) >= 1536);
  t.true(estimateBytes({ text: 'x'.repeat(1000) }) >= 1000);
  const circular: unknown[] = [];
  circular.push(circular);
  t.true(estimateBytes(circular) > 0);
});
