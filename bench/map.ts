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
import { openPeers } from './map/peers.ts';
import { type BenchProcess, startProcess } from './map/process.ts';
import { fastest, type Trial, trials } from './map/tune.ts';
import { checkOutputs, WIDTH } from './map/work.ts';

const options = benchOptions('map');
const { quick } = options;
const rounds = quick ? 3 : 5;
const integers = quick ? 100_000 : 1_000_000;
const vectors = quick ? 10_000 : 100_000;
const ids = quick ? 100_000 : 1_000_000;
const items = quick ? 5000 : 100_000;
const long = quick ? 1_000_000 : 10_000_000;

const results: Result[] = [];
const host = environmentOf({ kind: 'cpu', name: 'no engine', software: false }, options.seed);

{
  await using stack = new AsyncDisposableStack();
  const node = stack.use(await startProcess('nodeMain.ts'));
  const warp = stack.use(await connect({ nodes: [node.line] }));
  const peers = options.peers
    ? stack.use(await openPeers(({ message }) => console.error(`skipped: ${message}`))).peers
    : [];
  const ours = (title: string, name: string, count: number): Subject => ({
    name: `warpmap, ${title}`,
    peer: false,
    run: () => checkOutputs(warp.function<number, unknown>(name).map(range(count)), count),
  });
  const workloads = [
    { name: 'echo', batched: 'echoes', count: integers, question: `echo ${integers} integers`, bytes: 0 },
    {
      name: 'vector',
      batched: 'vectors',
      count: vectors,
      question: `${vectors} vectors of ${WIDTH} floats`,
      bytes: vectors * WIDTH * 4,
    },
  ] as const;
  const memory = new Map<string, () => Promise<BenchProcess>>();
  for (const { name, batched, count, question, bytes } of workloads) {
    const subjects = [
      ours('a built-in function', name, count),
      ours('a function of an app', `bench/${name}`, count),
      ours('a batched function of an app', `bench/${batched}`, count),
    ];
    for (const { group, peer } of peers) {
      const tried = await trials(peer, name, count);
      const { size } = fastest(tried);
      if (!options.json) console.log(`${peer.name}, ${name}, inputs/s by batch size: ${tried.map(told).join(', ')}`);
      const single = tried.find((trial) => trial.size === 1);
      if (single !== undefined) {
        const figure = { question: `${name}, a task for each input`, subject: peer.name, value: single.rate };
        results.push(resultOf({ ...figure, unit: 'inputs/s' }, host));
      }
      const subject = `${peer.name}, batches of ${size}`;
      subjects.push({ name: subject, peer: true, run: () => peer.run(name, count, size) });
      if (name === 'echo') {
        const args = [group, peer.name, String(long / 10), String(size)];
        memory.set(subject, () => startProcess('peerMemoryMain.ts', ...args));
      }
    }
    const timings = await measure(subjects, { rounds });
    results.push(...resultsOf(timings, { question, unit: 'inputs/s', amount: count }, host));
    if (bytes > 0) results.push(...resultsOf(timings, { question, unit: 'MB/s', amount: bytes / 1e6 }, host));
  }
  for (const count of [long / 10, long]) {
    const question = `peak memory of a client that maps ${count} integers`;
    const clients = new Map([
      ['warpmap, a function of an app', () => startProcess('memoryMain.ts', node.line, String(count))],
    ]);
    for (const [subject, start] of count === long ? clients : [...clients, ...memory]) {
      await using client = await start();
      results.push(resultOf({ question, subject, value: Number(client.line), unit: 'MiB' }, host));
    }
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

function told({ size, rate }: Trial): string {
  return `${size}: ${Math.round(rate)}`;
}
