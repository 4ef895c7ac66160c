import type { Metric } from '../contract.ts';
import { unpackPanels, type HostPanels } from '../panels/host.ts';

/** Scores in float64, and how far a kernel's may be from them. */
export interface ScoreReference {
  /** Row-major q × n. */
  readonly scores: Float64Array<ArrayBuffer>;
  readonly bounds: Float64Array<ArrayBuffer>;
}

/** Unit roundoff of float32. */
const u = 2 ** -24;
/** Below it a GPU may flush to zero. */
const smallestNormal = 2 ** -126;

/** How far n roundings in float32 may take a sum from the exact one, relative to the sum of magnitudes (Higham, §3.1). */
function gamma(n: number): number {
  return (n * u) / (1 - n * u);
}

interface Row {
  /** As kept, before the scale; bits as 1 and -1. */
  readonly values: Float32Array;
  readonly scale: number;
}

interface Score {
  readonly score: number;
  readonly bound: number;
}

/** What kernels compute of rows as they are kept: what packing rounded is no error of theirs. */
export function scoreReference(queries: HostPanels, items: HostPanels, metric: Metric): ScoreReference {
  const [left, right] = [rowsOf(queries), rowsOf(items)];
  const scaled = queries.scales !== undefined || items.scales !== undefined;
  const score = scoreOf(queries.type, metric, scaled);
  const scores = new Float64Array(left.length * right.length);
  const bounds = new Float64Array(scores.length);
  for (const [q, query] of left.entries()) {
    for (const [i, item] of right.entries()) {
      const at = q * right.length + i;
      const one = score(query, item);
      scores[at] = one.score;
      bounds[at] = one.bound;
    }
  }
  return { scores, bounds };
}

function rowsOf({ scales, ...panels }: HostPanels): Row[] {
  const values = unpackPanels(panels);
  return Array.from({ length: panels.rows }, (_, row) => ({
    values: values.subarray(row * panels.dims, (row + 1) * panels.dims),
    scale: scales?.[row] ?? 1,
  }));
}

function scoreOf(type: HostPanels['type'], metric: Metric, scaled: boolean): (query: Row, item: Row) => Score {
  switch (metric) {
    case 'hamming':
      return hamming;
    case 'jaccard':
      return jaccard;
    case 'euclidean':
      return type === 'i8' ? distanceOfBytes : distance;
    case 'dot':
    case 'cosine':
      return type === 'i8' ? productOfBytes : (query, item) => product(query, item, scaled ? 2 : 0);
  }
}

/** Σ of `term` over the components. */
function sum({ values }: Row, { values: others }: Row, term: (a: number, b: number) => number): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += term(values[i] ?? 0, others[i] ?? 0);
  return total;
}

/** d roundings of the sum, and one for each scale: γ · Σ|qᵢxᵢ|. */
function product(query: Row, item: Row, scalings: number): Score {
  const dims = query.values.length;
  const scale = query.scale * item.scale;
  const magnitude = sum(query, item, (a, b) => Math.abs(a * b));
  return {
    score: sum(query, item, (a, b) => a * b) * scale,
    bound:
      (gamma(dims + scalings) * magnitude + 2 * dims * smallestNormal) * Math.abs(scale) + scalings * smallestNormal,
  };
}

/** Two more roundings of each term, of the difference that is squared. */
function distance(query: Row, item: Row): Score {
  const dims = query.values.length;
  const squares = sum(query, item, (a, b) => (a - b) ** 2);
  return { score: -squares, bound: gamma(dims + 2) * squares + dims * smallestNormal };
}

/** The sum is exact; its conversion and two scales round. */
function productOfBytes(query: Row, item: Row): Score {
  const score = sum(query, item, (a, b) => a * b) * query.scale * item.scale;
  return { score, bound: gamma(3) * Math.abs(score) + 2 * smallestNormal };
}

/** As i8-euclidean.wgsl has it: stD rounds 4 times, (s − t)(sQ − tX) 6 times. */
function distanceOfBytes(query: Row, item: Row): Score {
  const [s, t] = [query.scale, item.scale];
  const near = s * t * sum(query, item, (a, b) => (a - b) ** 2);
  const far = Math.abs(s - t) * (s * sum(query, query, (a) => a * a) + t * sum(item, item, (a) => a * a));
  return {
    score: -sum(query, item, (a, b) => (s * a - t * b) ** 2),
    bound: gamma(4) * near + gamma(6) * far + 8 * smallestNormal,
  };
}

function hamming(query: Row, item: Row): Score {
  return { score: -sum(query, item, (a, b) => (a === b ? 0 : 1)), bound: 0 };
}

/** Rounded once. */
function jaccard(query: Row, item: Row): Score {
  const both = sum(query, item, (a, b) => (a > 0 && b > 0 ? 1 : 0));
  const either = sum(query, item, (a, b) => (a > 0 || b > 0 ? 1 : 0));
  const score = either === 0 ? 1 : both / either;
  return { score, bound: u * score };
}
