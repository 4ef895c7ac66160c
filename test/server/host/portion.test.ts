import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { type Portion, portionOf, suspects } from '../../../server/host/portion.ts';
import { Task } from '../../../server/host/task.ts';
import { encodeBlock } from '../../../shard/wire/block.ts';
import { cutInputs } from '../../../shard/wire/cut.ts';
import { MemoryEngine } from '../fixtures/engine.ts';

function taskOf(count: number): Task {
  const inputs = Array.from({ length: count }, (_, index) => index);
  const blocks = Array.from(cutInputs(inputs), (part) => encodeBlock(part));
  return new Task({
    function: 'f',
    timeout: undefined,
    engine: new MemoryEngine(),
    batch: { call: 'a', batch: 0 },
    spread: false,
    signal: new AbortController().signal,
    blocks,
  });
}

const ascending = (one: number, other: number): number => one - other;

/**
 * A worker in this process that dies when it begins an input that is poison: `concurrency` inputs are begun together,
 * and finish together. Tells of what has begun only where the portion is watched. Returns what is left, if it died.
 */
function runIn(
  { task, positions, alone, deaths }: Portion,
  poison: ReadonlySet<number>,
  concurrency: number,
): Portion[] {
  const open = positions.filter((position) => task.isOpen(position));
  for (let from = 0; from < open.length; from += concurrency) {
    const begun = open.slice(from, from + concurrency);
    if (begun.some((position) => poison.has(position))) {
      const seen = new Set(alone ? begun : []);
      return suspects(
        { task, positions, alone, deaths },
        { how: 'SIGKILL', only: true, outOfMemory: false, begun: seen },
      );
    }
    for (const position of begun) task.encoded(position, encodeBlock([position]));
  }
  return [];
}

testProp(
  'whichever inputs kill their worker fail, all others succeed, and the deaths are few',
  [
    fc.integer({ min: 1, max: 60 }).chain((count) =>
      fc.record({
        count: fc.constant(count),
        poison: fc.uniqueArray(fc.integer({ min: 0, max: count - 1 }), { maxLength: 5 }),
        concurrency: fc.integer({ min: 1, max: 8 }),
      }),
    ),
  ],
  async (t, { count, poison, concurrency }) => {
    const task = taskOf(count);
    const deadly = new Set(poison);
    const queue = [portionOf(task)];
    let deaths = 0;
    for (let portion = queue.shift(); portion; portion = queue.shift()) {
      const left = runIn(portion, deadly, concurrency);
      if (left.length > 0) deaths++;
      queue.unshift(...left);
    }
    const outcomes = await Array.fromAsync(task.outcomes());
    const failures = outcomes.filter((each) => each.kind === 'failure');
    const failed = failures.map(({ index }) => index);
    t.deepEqual(failed.toSorted(ascending), [...deadly].toSorted(ascending));
    for (const { error } of failures) t.like(error, { code: 'WORKER_CRASHED' });
    const outputs = outcomes.filter((each) => each.kind === 'encoded').map(({ first }) => first);
    t.is(outcomes.length, count);
    const answered = new Set([...deadly, ...outputs]);
    t.is(answered.size, count);
    // One to be warned, and for each at most the halving of those that ran with it and two alone.
    t.true(deaths <= 1 + deadly.size * (Math.ceil(Math.log2(concurrency)) + 3), `${deaths} deaths`);
  },
  { verbose: 1 },
);

test('an input that shared its worker is not blamed for a death, however often', (t) => {
  const task = taskOf(1);
  let [portion] = [portionOf(task)];
  for (let turn = 0; turn < 5; turn++) {
    const [left] = suspects(portion, { how: 'SIGKILL', only: false, outOfMemory: false, begun: new Set([0]) });
    t.true(task.isOpen(0));
    portion = left!;
  }
});
