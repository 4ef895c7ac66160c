/** What `dot` computes, in float64. */
export interface DotReference {
  /** Row-major q × n. */
  readonly scores: Float64Array<ArrayBuffer>;
  /** How far a float32 accumulation in any order may be from each score. */
  readonly bounds: Float64Array<ArrayBuffer>;
}

/** Unit roundoff of float32. */
const u = 2 ** -24;
/** Below it a GPU may flush to zero. */
const smallestNormal = 2 ** -126;

/** `queries` is q × dims, `items` n × dims, both row-major. */
export function dotReference(queries: Float32Array, items: Float32Array, dims: number): DotReference {
  const count = items.length / dims;
  const scores = new Float64Array((queries.length / dims) * count);
  const bounds = new Float64Array(scores.length);
  const gamma = (dims * u) / (1 - dims * u);
  for (let at = 0; at < scores.length; at++) {
    const query = Math.floor(at / count) * dims;
    const item = (at % count) * dims;
    let sum = 0;
    let magnitude = 0;
    for (let i = 0; i < dims; i++) {
      const product = (queries[query + i] ?? 0) * (items[item + i] ?? 0);
      sum += product;
      magnitude += Math.abs(product);
    }
    scores[at] = sum;
    bounds[at] = gamma * magnitude + dims * smallestNormal;
  }
  return { scores, bounds };
}
