/** What the best of a store must be, whatever its type and metric: by float64, of the values that it keeps. */
import type { ExecutionContext } from 'ava';
import { type Best, NO_ROW, type StoreOptions } from '../../../core/collection/contract.ts';
import { type ElementType, type Metric, packPanels, unpackPanels } from '../../../kernels/index.ts';
import { reals } from '../../kernels/vectors.ts';

interface Kind {
  readonly type: ElementType;
  readonly metric: Metric;
}

const floats = (['f32', 'f16', 'i8'] as const).flatMap((type) =>
  (['cosine', 'dot', 'euclidean'] as const).map((metric): Kind => ({ type, metric })),
);

/** Each type with each metric that it goes with. */
export const kinds: readonly Kind[] = [
  ...floats,
  ...(['hamming', 'jaccard'] as const).map((metric): Kind => ({ type: 'b1', metric })),
];

export interface Data {
  readonly vectors: Float32Array<ArrayBuffer>;
  readonly queries: Float32Array<ArrayBuffer>;
  readonly rows: number;
  /** Row-major `queries × rows`. */
  readonly scores: Float64Array;
  readonly bounds: Float64Array;
}

/** Vectors of which every seventh repeats the one before, so that there are ties. */
export function dataOf(
  { dims, type, metric }: StoreOptions,
  { seed, rows, queries: count }: { readonly seed: number; readonly rows: number; readonly queries: number },
): Data {
  const vectors = reals(seed, rows * dims);
  for (let row = 7; row < rows; row += 7) vectors.copyWithin(row * dims, (row - 1) * dims, row * dims);
  const queries = reals(~seed, count * dims);
  const kept = (given: Float32Array<ArrayBuffer>): Float32Array =>
    unpackPanels(packPanels(given, { type, columns: dims, normalize: metric === 'cosine' }));
  const [asked, held] = [kept(queries), kept(vectors)];
  const scores = new Float64Array(count * rows);
  const bounds = new Float64Array(count * rows);
  for (let at = 0; at < scores.length; at++) {
    const [query, row] = [Math.floor(at / rows), at % rows];
    const q = asked.subarray(query * dims, (query + 1) * dims);
    const x = held.subarray(row * dims, (row + 1) * dims);
    scores[at] = scoreOf(metric, q, x);
    bounds[at] = boundOf(metric, q, x);
  }
  return { vectors, queries, rows, scores, bounds };
}

function scoreOf(metric: Metric, q: Float32Array, x: Float32Array): number {
  const sum = (term: (a: number, b: number) => number): number => q.reduce((total, a, i) => total + term(a, x[i]!), 0);
  switch (metric) {
    case 'cosine':
    case 'dot':
      return sum((a, b) => a * b);
    case 'euclidean':
      return -sum((a, b) => (a - b) ** 2);
    case 'hamming':
      return -sum((a, b) => (a === b ? 0 : 1));
    case 'jaccard': {
      const either = sum((a, b) => (a > 0 || b > 0 ? 1 : 0));
      return either === 0 ? 1 : sum((a, b) => (a > 0 && b > 0 ? 1 : 0)) / either;
    }
  }
}

/** Of a sum in float32 in whatever order, of components that may have been multiplied by their scale before or after. */
function boundOf(metric: Metric, q: Float32Array, x: Float32Array): number {
  const roundings = q.length + 8;
  const gamma = (roundings * 2 ** -24) / (1 - roundings * 2 ** -24);
  if (metric === 'hamming') return 0;
  if (metric === 'jaccard') return 2 ** -23;
  const size = q.reduce((total, a, i) => {
    return total + (metric === 'euclidean' ? (Math.abs(a) + Math.abs(x[i]!)) ** 2 : Math.abs(a * x[i]!));
  }, 0);
  return gamma * size;
}

export function isNear(score: number, { rows, scores, bounds }: Data, query: number, row: number): boolean {
  return Math.abs(score - scores[query * rows + row]!) <= bounds[query * rows + row]!;
}

/** Checks scores, order, ties and that nothing better was left out of the allowed rows, which ascend. */
export function checkBest(t: ExecutionContext, best: Best, data: Data, allowed: Uint32Array): void {
  const { k } = best;
  for (let query = 0; query * k < best.rows.length; query++) {
    const rows = best.rows.subarray(query * k, (query + 1) * k);
    const scores = best.scores.subarray(query * k, (query + 1) * k);
    const found = new Set(rows.filter((row) => row !== NO_ROW));
    const expected = Math.min(k, allowed.length);
    t.is(found.size, expected, 'each row stands once');
    t.true(rows.subarray(expected).every((row) => row === NO_ROW));
    t.true(scores.subarray(expected).every((score) => Number.isNaN(score)));
    for (let rank = 0; rank < expected; rank++) {
      const [row, score] = [rows[rank]!, scores[rank]!];
      if (!allowed.includes(row)) t.fail(`row ${row} may not be answered`);
      if (!isNear(score, data, query, row)) t.fail(`score ${score} of row ${row}`);
      const before = scores[rank - 1] ?? Infinity;
      if (!(before > score || (before === score && rows[rank - 1]! < row))) t.fail(`row ${row} at rank ${rank}`);
    }
    const worst = scores[expected - 1]!;
    const left = allowed.find((row) => {
      const at = query * data.rows + row;
      return !found.has(row) && data.scores[at]! - data.bounds[at]! > worst;
    });
    t.is(left, undefined, 'nothing better was left out');
  }
}

/** Bits of the rows named. */
export function bitmapOf(rows: Uint32Array, size: number): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 32));
  for (const row of rows) words[row >>> 5]! |= 1 << (row & 31);
  return words;
}
