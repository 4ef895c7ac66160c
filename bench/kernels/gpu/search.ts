/** Exact search in ten million vectors of halves, beside the libraries that do the same on a GPU. */
import { topk, type Launcher, type Matrix, type Panels } from '../../../kernels/index.ts';
import type { Subject } from '../../harness/contract.ts';
import { openSearchPeer, type SearchPeer } from '../../peers/gpu-search.ts';
import type { GpuBench } from './bench.ts';
import type { Ceilings } from './contract.ts';
import { type Corpus, makeCorpus, rowOf } from './corpus.ts';
import { matrix, read } from './memory.ts';

const DIMS = 384;
const K = 100;
/** Rows of which none that was not found may have a better score, besides those found. */
const SAMPLES = 20_000;

export interface SearchSizes {
  readonly count: number;
  readonly queries: readonly number[];
}

export interface SearchBenchOptions {
  readonly seed: number;
  readonly peers: boolean;
}

interface Found {
  readonly rows: Matrix;
  readonly scores: Matrix;
}

export async function benchSearch(
  bench: GpuBench,
  sizes: SearchSizes,
  { seed, peers }: SearchBenchOptions,
  ceilings: Ceilings,
): Promise<void> {
  const { launcher } = bench;
  const corpus = { seed, count: sizes.count, dims: DIMS };
  const question = `exact top ${K} of ${corpus.count} × ${DIMS} float16`;
  await using opened = new AsyncDisposableStack();
  const others = peers ? await openPeers(bench, question, corpus, opened) : [];
  const items = await makeCorpus(launcher, corpus);
  opened.defer(() => destroy(items));
  for (const count of sizes.queries) {
    const queryCorpus = { seed: seed + 1, count, dims: DIMS };
    const queries = await makeCorpus(launcher, queryCorpus);
    const [query] = queries;
    if (query === undefined) continue;
    const found = { rows: await matrix(launcher, count, K), scores: await matrix(launcher, count, K) };
    using plan = await topk.plan(launcher, { queries: query, items, metric: 'dot', k: K, ...found });
    const answer = async (): Promise<void> => {
      const spans = [found.rows, found.scores].map(({ buffer }) => ({ buffer, offset: 0, size: count * K * 4 }));
      await launcher.submit(plan.steps, spans);
    };
    await answer();
    await requireBest(launcher, corpus, queryCorpus, found);
    const asked = `${question}, ${count} queries`;
    const flops = 2 * count * corpus.count * DIMS;
    const bytes = 2 * (corpus.count + count) * DIMS;
    await bench.steps(`topk: ${asked}, on the device alone`, plan.steps, { bytes, flops }, ceilings);
    const own: Subject = { name: 'warpmap', peer: false, run: answer };
    const subjects = [own];
    for (const peer of others) {
      if (await agrees(bench, asked, peer, corpus, queryCorpus)) {
        subjects.push({ name: peer.name, peer: true, run: () => peer.seconds(count) });
      }
    }
    await bench.compare(`${asked}, until the answers are in memory of the host`, subjects, flops);
    destroy([...queries, found.rows, found.scores]);
  }
}

async function openPeers(
  bench: GpuBench,
  question: string,
  { seed, count, dims }: Corpus,
  opened: AsyncDisposableStack,
): Promise<SearchPeer[]> {
  const peers: SearchPeer[] = [];
  for (const library of ['torch', 'faiss'] as const) {
    try {
      peers.push(opened.use(await openSearchPeer(library, { seed, count, dims, querySeed: seed + 1, k: K })));
    } catch (error) {
      bench.skip(question, (error as Error).message);
    }
  }
  return peers;
}

/**
 * Throws unless scores are those of their rows, in order, and better than those of a sample of the other rows. All sums are
 * exact, so that there is no tolerance.
 */
async function requireBest(launcher: Launcher, corpus: Corpus, queries: Corpus, found: Found): Promise<void> {
  const rows = new Uint32Array(await read(launcher, found.rows));
  const scores = new Float32Array(await read(launcher, found.scores));
  for (const query of new Set([0, queries.count - 1])) {
    const own = rows.subarray(query * K, (query + 1) * K);
    const best = bestOf(corpus, rowOf(queries, query), own);
    const wrong = best.findIndex(({ row, score }, rank) => own[rank] !== row || scores[query * K + rank] !== score);
    if (wrong === -1) continue;
    throw new Error(
      `Expected row ${best[wrong]?.row} at rank ${wrong} of query ${query}, got row ${own[wrong]}: not timed.`,
    );
  }
}

/** Whether a peer finds scores as good as there are, to the 11 bits of halves; says so where it does not. */
async function agrees(
  bench: GpuBench,
  question: string,
  peer: SearchPeer,
  corpus: Corpus,
  queries: Corpus,
): Promise<boolean> {
  try {
    const rows = Uint32Array.from(await peer.rows(queries.count));
    for (const query of new Set([0, queries.count - 1])) {
      const vector = rowOf(queries, query);
      const own = rows.subarray(query * K, (query + 1) * K);
      const got = Float64Array.from(own, (row) => dotOf(vector, rowOf(corpus, row))).toSorted((a, b) => b - a);
      const best = bestOf(corpus, vector, own);
      const wrong = best.findIndex(({ score }, rank) => !(score - (got[rank] ?? NaN) <= 2 ** -10 * Math.abs(score)));
      if (wrong !== -1 || new Set(own).size !== K) throw new Error(`${peer.name} misses the best at rank ${wrong}`);
    }
    return true;
  } catch (error) {
    bench.skip(question, (error as Error).message);
    return false;
  }
}

interface Scored {
  readonly row: number;
  readonly score: number;
}

/** The best of the rows given and of a sample of all, in float64. */
function bestOf(corpus: Corpus, query: Float32Array, given: Iterable<number>): Scored[] {
  const rows = new Set(given);
  const step = Math.max(1, Math.floor(corpus.count / SAMPLES));
  for (let row = 0; row < corpus.count; row += step) rows.add(row);
  return Array.from(rows, (row) => ({ row, score: dotOf(query, rowOf(corpus, row)) }))
    .toSorted((a, b) => b.score - a.score || a.row - b.row)
    .slice(0, K);
}

function dotOf(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

function destroy(owners: readonly (Pick<Panels, 'buffer'> | Matrix)[]): void {
  for (const { buffer } of owners) buffer.destroy();
}
