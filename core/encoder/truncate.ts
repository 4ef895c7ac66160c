import type { Vectors } from '../contract.ts';

/** The leading `dims` components of each vector, scaled back to L2 norm 1 (a zero vector stays zero). */
export function truncateVectors(vectors: Vectors, dims: number): Vectors {
  const data = new Float32Array(vectors.count * dims);
  for (let row = 0; row < vectors.count; row++) {
    const source = vectors.data.subarray(row * vectors.dims, row * vectors.dims + dims);
    let square = 0;
    for (const component of source) square += component * component;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let i = 0; i < dims; i++) data[row * dims + i] = (source[i] ?? 0) * scale;
  }
  return { count: vectors.count, dims, data };
}
