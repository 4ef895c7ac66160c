/** What `normalize` computes, in float64, and how far float32 may be from it. */
export interface NormalizeReference {
  readonly vectors: Float64Array<ArrayBuffer>;
  readonly bounds: Float64Array<ArrayBuffer>;
}

/** Unit roundoff of float32. */
const u = 2 ** -24;
/** A component this far below the greatest may become zero. */
const least = 2 ** -94;

/** `vectors` is row-major n × dims. */
export function normalizeReference(vectors: Float32Array, dims: number): NormalizeReference {
  const normalized = new Float64Array(vectors.length);
  for (let start = 0; start < vectors.length; start += dims) {
    const row = Float64Array.from(vectors.subarray(start, start + dims));
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    for (const [i, value] of row.entries()) {
      normalized[start + i] = Number.isFinite(norm) ? (norm === 0 ? 0 : value / norm) : Number.NaN;
    }
  }
  const relative = (Math.sqrt(dims) + 3) * u;
  return { vectors: normalized, bounds: normalized.map((value) => relative * Math.abs(value) + least) };
}
