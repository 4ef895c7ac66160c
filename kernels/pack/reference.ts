import type { ElementType } from '../contract.ts';

/** What unpacking what `pack` wrote should give, in float64, and how far it may be from it. */
export interface PackReference {
  /** Row-major n × dims. */
  readonly vectors: Float64Array<ArrayBuffer>;
  readonly bounds: Float64Array<ArrayBuffer>;
}

export interface PackReferenceOptions {
  readonly type: ElementType;
  readonly columns: number;
  readonly dims: number;
  readonly normalize: boolean;
}

/** Unit roundoff of float32. */
const u = 2 ** -24;

/** `vectors` is row-major n × columns, finite. */
export function packReference(vectors: Float32Array, options: PackReferenceOptions): PackReference {
  const { type, columns, dims, normalize } = options;
  const count = vectors.length / columns;
  const expected = new Float64Array(count * dims);
  const bounds = new Float64Array(count * dims);
  for (let at = 0; at < count; at++) {
    const row = Float64Array.from(vectors.subarray(at * columns, at * columns + dims));
    const norm = Math.hypot(...row);
    const divisor = normalize && norm > 0 ? norm : 1;
    const greatest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / divisor;
    for (const [i, value] of row.entries()) {
      const exact = value / divisor;
      const scaling = normalize ? (Math.sqrt(dims) + 3) * u * Math.abs(exact) : 0;
      expected[at * dims + i] = type === 'b1' ? (value > 0 ? 1 : -1) : exact;
      bounds[at * dims + i] = type === 'b1' ? 0 : scaling + conversion(type, Math.abs(exact) + scaling, greatest);
    }
  }
  return { vectors: expected, bounds };
}

/** Half an ULP of a half; half a step of a byte, and the rounding of the scale and of the product with it. */
function conversion(type: Exclude<ElementType, 'b1'>, magnitude: number, greatest: number): number {
  if (type === 'f32') return 0;
  return type === 'f16' ? Math.max(magnitude * 2 ** -11, 2 ** -25) : (greatest / 127) * (0.5 + 127 * 3 * u);
}
