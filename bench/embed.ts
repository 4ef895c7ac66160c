/** How fast are texts turned into vectors, in process and through a local server? See CONTRIBUTING.md for what all benchmarks have in common. */
import { join } from 'node:path';
import { connect, open } from '../index.ts';
import { resolveModel } from '../models/source/index.ts';
import { loadTokenizer } from '../models/tokenizer/index.ts';
import type { Result, Subject } from './harness/contract.ts';
import { environmentOf, refuseEmulation } from './harness/environment.ts';
import { measure } from './harness/measure.ts';
import { benchOptions } from './harness/options.ts';
import { report } from './harness/report.ts';
import { resultsOf } from './harness/results.ts';
import { writeHubFolder } from './peers/hub-folder.ts';
import { type EmbeddingPeer, openTransformers } from './peers/transformers.ts';
import { leastCosine } from './vectors.ts';
import { fixedLength, mixedLengths } from './workload.ts';

const options = benchOptions('embed');
const model = options.model ?? 'all-MiniLM-L6-v2';
const rounds = options.quick ? 3 : 7;
const budget = options.quick ? 5000 : 100_000;
/** Texts on which subjects must agree before they are timed, and on which peers are tuned. */
const sampleSize = options.quick ? 32 : 64;
const leastAgreement = 0.999;

const local = await resolveModel(model);
await using warp = await open({ model, ...(options.device !== undefined && { device: options.device as 'auto' }) });
const [node] = await warp.nodes();
if (!node?.reachable) throw new Error('Expected an engine in this process, got none.');
refuseEmulation(node.device, options.device);
const environment = environmentOf(node.device, options.seed);
await using served = await connect({ model, ...(options.device !== undefined && { device: options.device }) });

await using peers = new AsyncDisposableStack();
const opened: EmbeddingPeer[] = [];
if (options.peers) {
  // The second form tells apart what the graph gains and what batches and overlap gain.
  const forms = { standard: 'a plain graph', fused: 'the graph of warpmap' } as const;
  for (const form of ['standard', 'fused'] as const) {
    const folder = join(import.meta.dirname, `../.cache/bench/${local.spec.name}-${form}`);
    await writeHubFolder(local, { form, folder });
    opened.push(peers.use(await openTransformers(folder, forms[form])));
  }
}

const shape = {
  tokenizer: await loadTokenizer(local.tokenizer),
  maxTokens: local.spec.maxTokens,
  budget,
  seed: options.seed,
};
const workloads = [await mixedLengths(shape), fixedLength(50, shape), fixedLength(128, shape)];

const results: Result[] = [];
for (const { question, texts, tokens } of workloads) {
  const sample = texts.slice(0, sampleSize);
  const { data, dims } = await warp.embed(sample);
  for (const peer of opened) {
    const cosine = leastCosine(data, await peer.embed(sample), dims);
    if (!(cosine >= leastAgreement)) {
      throw new Error(`Expected ${peer.name} to agree to a cosine of ${leastAgreement}, got ${cosine}: not timed.`);
    }
    const size = await peer.tune(sample);
    if (!options.json) console.log(`${peer.name}: least cosine ${cosine.toFixed(7)}, batches of ${size}`);
  }
  const subjects: Subject[] = [
    { name: 'warpmap', peer: false, run: async () => void (await warp.embed(texts)) },
    { name: 'warpmap, through a local server', peer: false, run: async () => void (await served.embed(texts)) },
    ...opened.map((peer) => ({ name: peer.name, peer: true, run: async () => void (await peer.embed(texts)) })),
  ];
  const timings = await measure(subjects, { rounds });
  results.push(...resultsOf(timings, { question, unit: 'tokens/s', amount: tokens }, environment));
  results.push(...resultsOf(timings, { question, unit: 'texts/s', amount: texts.length }, environment));
}
report(results, options);
