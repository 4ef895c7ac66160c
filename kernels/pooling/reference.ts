import type { Pooling } from './pooling.ts';

/** What `pooling` computes, in float64, and how far float32 may be from it. */
export interface PoolingReference {
  /** Row-major sequences × dims. */
  readonly vectors: Float64Array<ArrayBuffer>;
  readonly bounds: Float64Array<ArrayBuffer>;
}

/** Unit roundoff of float32. */
const u = 2 ** -24;
/** Below it a GPU may flush to zero. */
const smallestNormal = 2 ** -126;

/** `states` is row-major sequences × tokens × dims, `mask` sequences × tokens. */
export function poolingReference(
  states: ArrayLike<number>,
  mask: ArrayLike<number>,
  { tokens, dims, pooling }: { readonly tokens: number; readonly dims: number; readonly pooling: Pooling },
): PoolingReference {
  const sequences = mask.length / tokens;
  const vectors = new Float64Array(sequences * dims);
  const bounds = new Float64Array(sequences * dims);
  for (let sequence = 0; sequence < sequences; sequence++) {
    const present = Array.from({ length: tokens }, (_, token) => sequence * tokens + token).filter(
      (at) => mask[at] !== 0,
    );
    const taken = pooling === 'mean' ? present : present.slice(...(pooling === 'cls' ? [0, 1] : [-1]));
    const n = taken.length;
    const gamma = pooling === 'mean' ? ((n + 2) * u) / (1 - (n + 2) * u) : 0;
    for (let i = 0; i < dims && n > 0; i++) {
      const values = taken.map((at) => states[at * dims + i] ?? 0);
      vectors[sequence * dims + i] = values.reduce((sum, value) => sum + value, 0) / n;
      const magnitude = values.reduce((sum, value) => sum + Math.abs(value), 0) / n;
      bounds[sequence * dims + i] = gamma * magnitude + (pooling === 'mean' ? smallestNormal * (n + 1) : 0);
    }
  }
  return { vectors, bounds };
}
