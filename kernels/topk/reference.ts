import type { Metric } from '../contract.ts';
import { scoreReference } from '../elements/reference.ts';
import type { HostPanels } from '../panels/host.ts';

/** What `topk` is asked; of it `recallTarget` is left out, since the reference is exact. */
export interface TopkReferenceCall {
  readonly queries: HostPanels;
  readonly items: readonly HostPanels[];
  readonly metric: Metric;
  readonly k: number;
  readonly allowed?: Uint32Array;
}

/** What `topk` computes, in float64. */
export interface TopkReference {
  /** Row-major q × k; 0xffffffff where fewer than k may be answered. */
  readonly rows: Uint32Array<ArrayBuffer>;
  readonly scores: Float64Array<ArrayBuffer>;
}

export function topkReference({ queries, items, metric, k, allowed }: TopkReferenceCall): TopkReference {
  const rows = new Uint32Array(queries.rows * k).fill(0xffffffff);
  const scores = new Float64Array(queries.rows * k).fill(Number.NaN);
  const segments = items.map((segment) => scoreReference(queries, segment, metric).scores);
  for (let query = 0; query < queries.rows; query++) {
    const all = segments.flatMap((segment, index) => {
      const count = items[index]?.rows ?? 0;
      return [...segment.subarray(query * count, (query + 1) * count)];
    });
    const may = Uint32Array.from(all.keys()).filter(
      (row) => allowed === undefined || (((allowed[row >>> 5] ?? 0) >>> (row % 32)) & 1) === 1,
    );
    const best = selectReference(
      Float64Array.from(may, (row) => all[row] ?? Number.NaN),
      may.length,
      k,
    );
    for (const [rank, at] of best.entries()) {
      rows[query * k + rank] = may[at] ?? 0;
      scores[query * k + rank] = all[may[at] ?? 0] ?? Number.NaN;
    }
  }
  return { rows, scores };
}

/** The positions of the `k` greatest of each row of scores: descending, NaN last, ties by position. */
export function selectReference(scores: ArrayLike<number>, columns: number, k: number): Uint32Array<ArrayBuffer> {
  const width = Math.min(k, columns);
  const rows = columns === 0 ? 0 : scores.length / columns;
  const best = new Uint32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const scoreOf = (position: number): number => scores[row * columns + position] ?? NaN;
    const order = Uint32Array.from({ length: columns }, (_, position) => position).sort((a, b) => {
      const [left, right] = [scoreOf(a), scoreOf(b)];
      if (Number.isNaN(left) || Number.isNaN(right))
        return Number(Number.isNaN(left)) - Number(Number.isNaN(right)) || a - b;
      return left === right ? a - b : left > right ? -1 : 1;
    });
    best.set(order.subarray(0, width), row * width);
  }
  return best;
}

export interface MergeShape {
  readonly parts: number;
  readonly queries: number;
  /** Entries of each list. */
  readonly length: number;
  readonly places: number;
}

/** What `merge` computes of sorted lists, the queries of part 0 first; rows are those of their parts. */
export function mergeReference(
  rows: Uint32Array,
  scores: Float32Array,
  { parts, queries, length, places }: MergeShape,
): { rows: Uint32Array<ArrayBuffer>; scores: Float32Array<ArrayBuffer>; parts: Uint32Array<ArrayBuffer> } {
  const best = {
    rows: new Uint32Array(queries * places),
    scores: new Float32Array(queries * places),
    parts: new Uint32Array(queries * places),
  };
  for (let query = 0; query < queries; query++) {
    const next = new Uint32Array(parts);
    for (let place = 0; place < places; place++) {
      let part = -1;
      for (let other = 0; other < parts; other++) {
        if ((next[other] ?? 0) >= length) continue;
        if (part < 0 || precedes(at(other), at(part))) part = other;
      }
      const from = at(part);
      best.rows[query * places + place] = rows[from] ?? 0;
      best.scores[query * places + place] = scores[from] ?? Number.NaN;
      best.parts[query * places + place] = part;
      next[part] = (next[part] ?? 0) + 1;
    }
    function at(part: number): number {
      return (part * queries + query) * length + (next[part] ?? 0);
    }
  }
  return best;

  /** Whether the entry at `a` is better than that at `b`, which is of an earlier part. */
  function precedes(a: number, b: number): boolean {
    const [none, other] = [rows[a] === 0xffffffff, rows[b] === 0xffffffff];
    if (none || other) return !none;
    const [score, than] = [scores[a] ?? Number.NaN, scores[b] ?? Number.NaN];
    return Number.isNaN(than) ? !Number.isNaN(score) : score > than;
  }
}
