import { dotReference } from '../dot/reference.ts';

/** What `topk` computes, in float64. */
export interface TopkReference {
  /** Row-major q × min(k, n). */
  readonly rows: Uint32Array<ArrayBuffer>;
  readonly scores: Float64Array<ArrayBuffer>;
}

/** `queries` is q × dims, `items` n × dims, both row-major. */
export function topkReference(queries: Float32Array, items: Float32Array, dims: number, k: number): TopkReference {
  const count = items.length / dims;
  const width = Math.min(k, count);
  const { scores } = dotReference(queries, items, dims);
  const best = selectReference(scores, count, k);
  return {
    rows: best,
    scores: Float64Array.from(best, (row, at) => scores[Math.floor(at / width) * count + row] ?? NaN),
  };
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
