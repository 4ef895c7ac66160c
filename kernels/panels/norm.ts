/** The same steps in WGSL. */
export const normFile: URL = new URL('norm.wgsl', import.meta.url);

/**
 * Scales a row to L2 norm 1 in place, with the bits that the kernels give (norm.wgsl). A zero row stays zero; one with
 * NaN or an infinity has no direction and becomes all NaN. Components below 2⁻⁹⁴ of the greatest may become zero.
 *
 * The sum of squares is one of integers: each component counts units of 2⁻²³ of the power of two at or below the
 * greatest magnitude. So it is exact in any order, and no sum can overflow or vanish. With u = 2⁻²⁴ the norm is within
 * √d · u of itself through the units, its reciprocal is rounded (u), and so is one product (u): each component is
 * within (√d + 3) · u of its magnitude.
 */
export function normalizeRow(row: Float32Array<ArrayBuffer>): void {
  const bits = new Int32Array(row.buffer, row.byteOffset, row.length);
  let greatest = 0;
  for (let i = 0; i < bits.length; i++) greatest = Math.max(greatest, bits[i]! & 0x7fffffff);
  if (greatest === 0) return;
  if (greatest >= 0x7f800000) {
    bits.fill(0x7fc00000);
    return;
  }
  const exponent = Math.max(greatest >>> 23, 1);
  const { root, half } = inverseNorm(sumOfSquares(row, 2 ** (150 - exponent)));
  const factor = root * 2 ** (111 - half - exponent);
  const least = exponent > 95 ? 2 ** (exponent - 221) : 0;
  for (let i = 0; i < row.length; i++) {
    const value = row[i]!;
    // The product of two significands of 24 bits is exact in float64, so it is rounded once, as in float32.
    row[i] = value * (Math.abs(value) < least ? 0 : factor);
  }
}

/** An integer of 64 bits, as `high · 2³² + low`. */
interface Wide {
  readonly high: number;
  readonly low: number;
}

/** Squares of the components in units, the nearest integers below 2²⁴, half a unit rounded up. */
function sumOfSquares(row: Float32Array, perUnit: number): Wide {
  let high = 0;
  let low = 0;
  for (let start = 0; start < row.length; start += 32) {
    // 32 squares of 24 bits are exact in float64.
    let sum = 0;
    const end = Math.min(row.length, start + 32);
    for (let i = start; i < end; i++) {
      const units = Math.floor(Math.abs(row[i]!) * perUnit + 0.5);
      sum += units * units;
    }
    const upper = Math.floor(sum / 2 ** 32);
    high += upper;
    low += sum - upper * 2 ** 32;
  }
  const carry = Math.floor(low / 2 ** 32);
  return { high: high + carry, low: low - carry * 2 ** 32 };
}

/** 1 / √sum as `root · 2^(-39 - half)`, `root` the nearest integer, from 2²³ to 2²⁴. */
function inverseNorm({ high, low }: Wide): { readonly root: number; readonly half: number } {
  const length = high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(low);
  const half = Math.ceil((length - 32) / 2);
  const shift = 4 ** -half;
  const twice = inverseRoot(high * 2 ** 32 * shift + Math.floor(low * shift));
  return { root: Math.ceil(twice / 2), half };
}

/** floor(2⁴⁰ / √value) for an integer from 2³⁰ up to 2³². */
function inverseRoot(value: number): number {
  const quotient = 2 ** 40 / Math.sqrt(value);
  const root = Math.round(quotient);
  // Only this near to an integer can float64 be on the wrong side of it.
  if (Math.abs(quotient - root) > 2 ** -20) return Math.floor(quotient);
  return BigInt(root) ** 2n * BigInt(value) <= 2n ** 80n ? root : root - 1;
}
