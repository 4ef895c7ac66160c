/** What bench:map times is right before it is fast. */
import test from 'ava';
import { connect, range } from '../../index.ts';
import { JsonClient } from '../../bench/map/json-client.ts';
import { startProcess } from '../../bench/map/process.ts';
import { checkOutput, WIDTH } from '../../bench/map/work.ts';

const COUNT = 1000;

async function checkAll(outputs: AsyncIterable<unknown>): Promise<number> {
  let index = 0;
  for await (const output of outputs) checkOutput(index++, output);
  return index;
}

test('the node of warpmap gives each input its own output, in order', async (t) => {
  await using node = await startProcess('nodeMain.ts');
  await using warp = await connect({ nodes: [node.line] });
  t.is(await checkAll(warp.function<number, number>('echo').map(range(COUNT))), COUNT);
  const vectors = await Array.fromAsync(warp.function<number, Float32Array>('vector').map(range(3)));
  t.deepEqual(
    vectors.map(({ length }) => length),
    [WIDTH, WIDTH, WIDTH],
  );
  t.is(await checkAll(warp.function<number, Float32Array>('vector').map(range(COUNT))), COUNT);
});

test('the peer gives the same, whatever its batch size', async (t) => {
  await using node = await startProcess('jsonNodeMain.ts');
  await using client = new JsonClient(node.line);
  for (const size of [1, 7, COUNT, 2 * COUNT]) {
    client.batchSize = size;
    t.is(await checkAll(client.map('echo', range(COUNT))), COUNT);
  }
  t.is(await checkAll(client.map('vector', range(3))), 3);
});

test('an output in the place of another is not timed', (t) => {
  t.notThrows(() => checkOutput(2, 2));
  t.notThrows(() => checkOutput(2, Float32Array.of(2, 0)));
  t.throws(() => checkOutput(2, 3), { message: /output 2/v });
  t.throws(() => checkOutput(2, [3, 0]), { message: /output 2/v });
});

test('a process that ends before it says a line is an error', async (t) => {
  await t.throwsAsync(startProcess('work.ts'), { message: /ended with code 0/v });
});
