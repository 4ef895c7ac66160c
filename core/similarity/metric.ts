import type { Metric } from '../../kernels/index.ts';

/** The score of a query with an item, both float32, summed in float64; greater is better. Cosine is of unit vectors. */
export function scoreOf(metric: Metric, query: Float32Array, item: Float32Array): number {
  let sum = 0;
  if (metric === 'euclidean') {
    for (let at = 0; at < query.length; at++) sum -= (query[at]! - item[at]!) ** 2;
  } else {
    for (let at = 0; at < query.length; at++) sum += query[at]! * item[at]!;
  }
  return sum;
}
