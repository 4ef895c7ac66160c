/**
 * How fast do inputs and outputs travel through one local node? The functions cost next to nothing, so this is the
 * price of the map itself. See CONTRIBUTING.md for what all benchmarks have in common.
 */
import { connect, range, repeat } from '../index.ts';
import type { Result, Subject } from './harness/contract.ts';
import { environmentOf, refuseEmulation } from './harness/environment.ts';
import { measure } from './harness/measure.ts';
import { benchOptions } from './harness/options.ts';
import { seeded } from './harness/random.ts';
import { report } from './harness/report.ts';
import { resultsOf, resultOf } from './harness/results.ts';
import { JsonClient } from './map/json-client.ts';
import { startProcess } from './map/process.ts';
import { checkOutput, WIDTH } from './map/work.ts';

const options = benchOptions('map');
const { quick } = options;
const rounds = quick ? 3 : 5;
const integers = quick ? 100_000 : 1_000_000;
const vectors = quick ? 10_000 : 100_000;
const ids = quick ? 100_000 : 1_000_000;
const items = quick ? 5000 : 100_000;
const long = quick ? 1_000_000 : 10_000_000;
const jsonBatches = [64, 256, 1024, 4096, 16_384];

const results: Result[] = [];
const host = environmentOf({ kind: 'cpu', name: 'no engine', software: false }, options.seed);

async function consume(outputs: AsyncIterable<unknown>, count: number): Promise<void> {
  let index = 0;
  for await (const output of outputs) checkOutput(index++, output);
  if (index !== count) throw new Error(`Expected ${count} outputs, got ${index}.`);
}

{
  await using node = await startProcess('nodeMain.ts');
  await using warp = await connect({ nodes: [node.line] });
  await using jsonNode = await startProcess('jsonNodeMain.ts');
  await using json = new JsonClient(jsonNode.line);
  const workloads = [
    { name: 'echo', count: integers, question: `echo ${integers} integers`, bytes: 0 },
    { name: 'vector', count: vectors, question: `${vectors} vectors of ${WIDTH} floats`, bytes: vectors * WIDTH * 4 },
  ];
  for (const { name, count, question, bytes } of workloads) {
    const subjects: Subject[] = [
      {
        name: 'warpmap, a built-in function',
        peer: false,
        run: () => consume(warp.function<number, unknown>(name).map(range(count)), count),
      },
      {
        name: 'warpmap, a function of an app',
        peer: false,
        run: () => consume(warp.function<number, unknown>(`bench/${name}`).map(range(count)), count),
      },
    ];
    if (options.peers) {
      json.batchSize = await fastest(jsonBatches, async (size) => {
        json.batchSize = size;
        await consume(json.map(name, range(count / 10)), count / 10);
      });
      const run = (): Promise<void> => consume(json.map(name, range(count)), count);
      subjects.push({ name: `fastify, undici and JSON, batches of ${json.batchSize}`, peer: true, run });
    }
    const timings = await measure(subjects, { rounds });
    results.push(...resultsOf(timings, { question, unit: 'inputs/s', amount: count }, host));
    if (bytes > 0) results.push(...resultsOf(timings, { question, unit: 'MB/s', amount: bytes / 1e6 }, host));
  }
  for (const count of [long / 10, long]) {
    await using client = await startProcess('memoryMain.ts', node.line, String(count));
    const value = Number(client.line);
    const question = `peak memory of a client that maps ${count} integers over a function of an app`;
    results.push(resultOf({ question, subject: 'warpmap', value, unit: 'MiB' }, host));
  }
}

{
  // With a model, because a node has one; its vectors are of no interest here.
  const { device, model } = options;
  await using warp = await connect({ ...(device !== undefined && { device }), ...(model !== undefined && { model }) });
  const [node] = await warp.nodes();
  if (!node?.reachable) throw new Error('Expected a local server, got none.');
  refuseEmulation(node.device, device);
  const random = seeded(options.seed);
  const { dims } = node.model;
  const vector = (): Float32Array => Float32Array.from({ length: dims }, () => random() - 0.5);
  const collection = warp.collection('bench');
  await collection.upsert(Iterator.from(range(items)).map((id) => ({ id, vector: vector() })));
  const query = vector();
  const run = async (): Promise<void> => {
    let index = 0;
    for await (const [id] of collection.similarity.map(repeat(query), cycled(ids, items))) {
      if (id !== index++ % items) throw new Error(`Expected the id ${(index - 1) % items}, got ${id}.`);
    }
  };
  const question = `similarity of one vector with ${ids} ids, ${items} of them different`;
  const timings = await measure([{ name: 'warpmap', peer: false, run }], { rounds });
  const environment = environmentOf(node.device, options.seed);
  results.push(...resultsOf(timings, { question, unit: 'scores/s', amount: ids }, environment));
}
report(results, options);

function* cycled(count: number, length: number): Generator<number> {
  for (let index = 0; index < count; index++) yield index % length;
}

async function fastest(sizes: readonly number[], run: (size: number) => Promise<void>): Promise<number> {
  let best = { size: sizes[0] ?? 1, milliseconds: Infinity };
  for (const size of sizes) {
    await run(size);
    const start = performance.now();
    await run(size);
    const milliseconds = performance.now() - start;
    if (milliseconds < best.milliseconds) best = { size, milliseconds };
  }
  return best.size;
}
