import test from 'ava';
import { counting } from '../fixtures/counting.ts';
import { Caller } from './caller.ts';
import { keepingNode } from './node.ts';

const double = () => counting((input) => (input as number) * 2);
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('each input of a call gets its output, at its position', async (t) => {
  const count = double();
  await using node = await keepingNode({ functions: [count] });
  const call = await Caller.spawn(node.url, { inputs: range(100) });
  t.like(await call.ended(), { state: 'done', counts: { inputs: 100, done: 100, pending: 0, running: 0, failed: 0 } });
  t.deepEqual(
    await call.outcomes(),
    range(100).map((value) => value * 2),
  );
  t.true([...count.runs.values()].every((times) => times === 1));
});
