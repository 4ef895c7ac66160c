/** Exact search on the CPU, beside peers, against the bandwidth of a copy. */
import { availableParallelism } from 'node:os';
import type { Environment, Result, Subject, Timing } from '../harness/contract.ts';
import { measure } from '../harness/measure.ts';
import type { BenchOptions } from '../harness/options.ts';
import { seeded } from '../harness/random.ts';
import { resultsOf } from '../harness/results.ts';
import { pythonSearches } from '../peers/python-search.ts';
import { usearchSearch } from '../peers/usearch.ts';
import { onnxSearch } from './onnx-search.ts';
import { ownSearch } from './own-search.ts';
import { checkBest, type Search, unitRows } from './search.ts';

const DIMS = 384;
const K = 100;
const SLOW = 5;

export async function benchCpu({ quick, peers, seed }: BenchOptions, environment: Environment): Promise<Result[]> {
  const count = quick ? 100_000 : 1_000_000;
  const random = seeded(seed);
  const corpus = { dims: DIMS, count, items: unitRows(count, DIMS, random) };
  const results = await benchCopy(environment);

  await using opened = new AsyncDisposableStack();
  const searches: Search[] = [];
  const openers = [ownSearch, onnxSearch, ...(peers ? [usearchSearch] : [])];
  for (const open of openers) searches.push(opened.use(await open(corpus)));
  if (peers) for (const search of await pythonSearches(corpus)) searches.push(opened.use(search));

  let timed: readonly Search[] = searches;
  for (const queryCount of [1, 64, 1024]) {
    const queries = unitRows(queryCount, DIMS, random);
    for (const search of timed) {
      const best = await search.topK(queries, K);
      for (const at of new Set([0, queryCount - 1])) {
        const positions = Array.from({ length: K }, (_, rank) => Number(best[at * K + rank]));
        checkBest(corpus, queries.subarray(at * DIMS, (at + 1) * DIMS), positions, search.name);
      }
    }
    // One query takes milliseconds: several make a round.
    const times = queryCount === 1 ? 10 : 1;
    const subjects = timed.map(({ name, peer, topK }): Subject => ({
      name,
      peer,
      async run() {
        for (let time = 0; time < times; time++) await topK(queries, K);
      },
    }));
    const rounds = quick && queryCount === 1024 ? 2 : 3;
    const timings = await measure(subjects, { rounds });
    const question = `exact top ${K} of ${count} × ${DIMS} float32, ${queryCount} queries, ${availableParallelism()} cores`;
    const flops = 2 * count * DIMS * queryCount * times;
    results.push(...resultsOf(timings, { question, unit: 'GFLOP/s', amount: flops / 1e9 }, environment));
    if (queryCount === 64) timed = withoutSlow(timings, searches);
    if (queryCount === 1) {
      const gigabytes = (count * DIMS * 4 * times) / 1e9;
      results.push(...resultsOf(timings, { question, unit: 'GB/s', amount: gigabytes }, environment));
    }
  }
  return results;
}

/** Those that can still be the best at more queries: the others would take minutes over it. */
function withoutSlow(timings: readonly Timing[], searches: readonly Search[]): Search[] {
  const fastest = (seconds: readonly number[]): number => Math.min(...seconds);
  const best = Math.min(...timings.map(({ seconds }) => fastest(seconds)));
  const slow = new Set(
    timings.filter(({ seconds }) => fastest(seconds) > SLOW * best).map(({ subject }) => subject.name),
  );
  for (const name of slow)
    console.error(`${name} is not timed with more than 64 queries: it took over ${SLOW} times the best.`);
  return searches.filter(({ name }) => !slow.has(name));
}

/** Bytes read and bytes written both count. */
async function benchCopy(environment: Environment): Promise<Result[]> {
  const from = new Float32Array(2 ** 25).fill(1);
  const to = new Float32Array(2 ** 25);
  const subject: Subject = { name: 'copy, one core', peer: false, run: async () => to.set(from) };
  const timings = await measure([subject], { rounds: 7 });
  const rate = { question: 'ceiling: memory bandwidth', unit: 'GB/s', amount: (2 * from.byteLength) / 1e9 };
  return resultsOf(timings, rate, environment);
}
