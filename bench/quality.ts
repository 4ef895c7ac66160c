/**
 * How well the vectors of a model know which sentences mean the same: the Spearman correlation of their cosine
 * similarity with people's judgement, over the test set of the STS Benchmark (1,379 pairs).
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { open } from '../index.ts';
import { spearman } from './spearman.ts';

const PLACES = ['data/stsbenchmark', '../shared/data/stsbenchmark'];

interface Pair {
  readonly score: number;
  readonly first: string;
  readonly second: string;
}

/** The file's lines are tab separated: genre, file, year, id, score, first sentence, second sentence. */
async function readPairs(path: string): Promise<Pair[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [, , , , score, first = '', second = ''] = line.split('\t');
    return { score: Number(score), first, second };
  });
}

function cosine(a: Float32Array, b: Float32Array): number {
  let dot = 0;
  let squareA = 0;
  let squareB = 0;
  for (const [index, x] of a.entries()) {
    const y = b[index] ?? 0;
    dot += x * y;
    squareA += x * x;
    squareB += y * y;
  }
  return dot / Math.sqrt(squareA * squareB);
}

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    data: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log('usage: npm run quality -- [--model NAME|FOLDER] [--data FOLDER]   (FOLDER holds sts-test.csv)');
  process.exit(0);
}
const folders = values.data === undefined ? PLACES : [values.data];
const folder = folders.find((each) => existsSync(`${each}/sts-test.csv`));
if (folder === undefined) {
  console.error(
    `sts-test.csv was not found in ${folders.join(' or ')}.\n` +
      'Download the STS Benchmark (http://ixa2.si.ehu.eus/stswiki) and name its folder with --data.',
  );
  process.exit(1);
}

const pairs = await readPairs(`${folder}/sts-test.csv`);
await using warp = await open({ ...(values.model !== undefined && { model: values.model }) });
const { data, dims } = await warp.embed(pairs.flatMap(({ first, second }) => [first, second]));
const cosines = pairs.map((_, pair) => cosine(row(2 * pair), row(2 * pair + 1)));
const value = spearman(
  cosines,
  pairs.map(({ score }) => score),
);

function row(index: number): Float32Array {
  return data.subarray(index * dims, (index + 1) * dims);
}

const [node] = await warp.nodes();
const device = node?.reachable ? node.device.name : 'unknown';
const model = warp.model.name;
console.log(`${model} on ${device}: Spearman ${value.toFixed(4)} over ${pairs.length} pairs of sentences`);
console.log(
  JSON.stringify({ metric: 'stsb-test-spearman', value: Number(value.toFixed(4)), model, pairs: pairs.length }),
);
