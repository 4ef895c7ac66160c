import type { TokenBatch } from '../../../core/runtime/contract.ts';

/** Real token ids of MiniLM's vocabulary: [CLS] words [SEP]. */
export const texts: readonly (readonly number[])[] = [
  [101, 1037, 3899, 2006, 1037, 17_260, 6277, 102],
  [101, 1996, 4937, 2938, 2006, 1996, 13_523, 102],
  [101, 2061, 17_260, 2075, 2003, 4569, 999, 102],
  [101, 102],
  [101, 4165, 2653, 2006, 1037, 2300, 1012, 2009, 2003, 1037, 2204, 2154, 2000, 2022, 4142, 102],
  [101, 7592, 102],
];

/** Pads the texts to the longest of them, or to `width`. */
export function batchOf(
  rows: readonly (readonly number[])[],
  width: number = Math.max(...rows.map((row) => row.length)),
): TokenBatch {
  const ids = new Int32Array(rows.length * width);
  for (const [index, row] of rows.entries()) ids.set(row, index * width);
  return { rows: rows.length, width, ids, lengths: Int32Array.from(rows, (row) => row.length) };
}

export function cosine(a: Float32Array, b: Float32Array): number {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (const [i, x] of a.entries()) {
    const y = b[i]!;
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return dot / Math.sqrt(aa * bb);
}

/** The least cosine between rows of the same position. */
export function leastCosine(a: Float32Array, b: Float32Array, dims: number): number {
  let least = 1;
  for (let at = 0; at < a.length; at += dims) {
    least = Math.min(least, cosine(a.subarray(at, at + dims), b.subarray(at, at + dims)));
  }
  return least;
}
