import test from 'ava';
import { encodeBlock } from '../../../shard/wire/block.ts';
import { Task } from '../../../server/host/task.ts';
import { MemoryEngine } from '../fixtures/engine.ts';

function taskOf(count: number, onFull?: (full: boolean) => void): Task {
  const options = {
    function: 'f',
    timeout: undefined,
    engine: new MemoryEngine(),
    batch: { call: 'a', batch: 0 },
    spread: false,
    signal: new AbortController().signal,
    blocks: [encodeBlock(Array.from({ length: count }, () => 0))],
  };
  return new Task(options, onFull);
}

test('outputs that nobody takes hold the workers up until they are taken', async (t) => {
  const heard: boolean[] = [];
  const task = taskOf(5, (full) => heard.push(full));
  const output = encodeBlock([new Uint8Array(3 * 2 ** 20)]);
  for (const position of [0, 1]) task.encoded(position, output);
  t.false(task.full);
  task.encoded(2, output);
  t.true(task.full);
  const outcomes = task.outcomes();
  for (let taken = 0; taken < 2; taken++) await outcomes.next();
  t.true(task.full, 'it stays so until half is taken, or it would be told of each');
  await outcomes.next();
  t.false(task.full);
  t.deepEqual(heard, [true, false]);
});

test('outputs of which one is not awaited any more leave the others to be run again', async (t) => {
  const task = taskOf(3);
  task.failure(1, new Error('late'));
  task.encoded(0, encodeBlock(['a', 'b', 'c']));
  t.deepEqual(
    [0, 1, 2].map((position) => task.isOpen(position)),
    [true, false, true],
  );
  task.encoded(0, encodeBlock(['a']));
  task.encoded(2, encodeBlock(['c']));
  const outcomes = await Array.fromAsync(task.outcomes());
  t.deepEqual(
    outcomes.map((outcome) => (outcome.kind === 'encoded' ? outcome.first : outcome.index)),
    [1, 0, 2],
  );
});

test('a task that is rejected ends with the reason, and forgets what it held', async (t) => {
  const task = taskOf(2);
  task.encoded(0, encodeBlock(['a']));
  task.reject(new Error('enough'));
  t.true(task.over);
  await t.throwsAsync(Array.fromAsync(task.outcomes()), { message: 'enough' });
});
