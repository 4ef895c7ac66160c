import test from 'ava';
import { connect } from '../../sdk/connect.ts';
import { startServer } from '../../server/server.ts';
import { range } from '../../shard/iterables.ts';
import { counting } from '../server/fixtures/counting.ts';
import { MemoryEngine } from '../server/fixtures/engine.ts';
import { CuttingProxy } from './fixtures/cuttingProxy.ts';
import { FakeNode } from './fixtures/fake-node.ts';

/** Vectors, large enough that an answer is many chunks. */
const wide = (input: unknown): Float32Array => new Float32Array(1024).fill(input as number);

test('a connection that is cut in the middle of a frame, again and again, does not run the function again', async (t) => {
  const hosted = counting(wide);
  await using server = await startServer({ engine: new MemoryEngine(), functions: [hosted] });
  await using proxy = await CuttingProxy.start(server.url, (turn) => 400_000 + 30_011 * turn);
  await using warp = await connect({ nodes: [proxy.url] });
  const outputs = warp.function<number, Float32Array>('count').map(range(2000), { maxBatchSize: 20 });
  let expected = 0;
  for await (const vector of outputs) t.is(vector[1023], expected++);
  t.is(expected, 2000);
  t.true(proxy.cuts > 5, `${proxy.cuts} cuts`);
  t.deepEqual(new Set(hosted.runs.values()), new Set([1]));
});

test('a node that was cut off and is not there any more is given up for another at once', async (t) => {
  await using gone = await FakeNode.start({
    trouble() {
      queueMicrotask(() => void gone.kill());
      return { kind: 'cut', share: 0.5 };
    },
  });
  await using other = await FakeNode.start();
  await using warp = await connect({ nodes: [gone.url, other.url] });
  const outputs = await Array.fromAsync(warp.function<number, number>('double').map(range(200)));
  t.deepEqual(
    outputs,
    Array.from({ length: 200 }, (_, index) => index * 2),
  );
});

test('a node that does not know the batch is sent it as another attempt', async (t) => {
  await using node = await FakeNode.start({
    trouble: (_head, turn) => (turn === 0 ? { kind: 'cut', share: 0.5 } : undefined),
  });
  await using warp = await connect({ nodes: [node.url] });
  const outputs = await Array.fromAsync(
    warp.function<number, number>('double').map(range(20), { laneRetries: { initialDelay: 1 }, initialBatchSize: 20 }),
  );
  t.is(outputs.length, 20);
  t.deepEqual(
    node.heads.map(({ batch, attempt }) => [batch, attempt]),
    [
      [0, 0],
      [0, 1],
    ],
  );
});

test('leaving the loop stops what runs on the node, though a node waits for those who were cut off', async (t) => {
  const engine = new MemoryEngine();
  await using server = await startServer({ engine });
  await using warp = await connect({ nodes: [server.url] });
  engine.hold().release();
  const { arrived } = engine.hold();
  for await (const _ of warp.embed.map(['a', 'b'], { initialBatchSize: 1 })) {
    await arrived;
    break;
  }
  t.is(await server.drain(), 0);
  t.is((engine.aborts[0] as { code: string }).code, 'CALL_CANCELLED');
});
