/** What a row of float32 is quantised by. */
export interface Quantization {
  /** The greatest magnitude over 127, to nearest; 0 for a row that counts as zero; NaN for one that has no scale. */
  readonly scale: number;
  /** The greatest magnitude; 0 where every component is to be 0. */
  readonly greatest: number;
}

const NONE: Quantization = { scale: Number.NaN, greatest: 0 };
const ZERO: Quantization = { scale: 0, greatest: 0 };
/** Below it the scale might be subnormal, which a GPU may flush. */
const LEAST = 2 ** -119;
/** Adding and taking it away rounds a small float64 to an integer, ties to even. */
const ROUND = 1.5 * 2 ** 52;

/**
 * The scale of a row: components become integers from -127 to 127. A row whose magnitudes are all below 2⁻¹¹⁹ counts as
 * zero: scale 0. One with NaN or an infinity has the scale NaN and components 0, so that each of its scores is NaN.
 */
export function quantizationOf(bits: Uint32Array | Int32Array): Quantization {
  let magnitude = 0;
  for (let i = 0; i < bits.length; i++) magnitude = Math.max(magnitude, bits[i]! & 0x7fffffff);
  if (magnitude >= 0x7f800000) return NONE;
  const [greatest = 0] = new Float32Array(Uint32Array.of(magnitude).buffer);
  if (greatest < LEAST) return ZERO;
  return { scale: Math.fround(greatest / 127), greatest };
}

/**
 * 127 · value / greatest to the nearest integer, ties to even. The quotient can't be within the rounding of float64 of
 * a tie and not be one, since both have 24 bits: so this is the exact one.
 */
export function quantize(value: number, greatest: number): number {
  return (value * 127) / greatest + ROUND - ROUND;
}
