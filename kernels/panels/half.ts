/** The same steps in WGSL: `half_of` and `float_of_half`. */
export const halfFile: URL = new URL('half.wgsl', import.meta.url);

/** The bits of the IEEE half nearest to a float32 of these bits: ties to even, NaN quiet and without its payload. */
export function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // From 65,520 up the nearest is infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  // A subnormal half counts units of 2⁻²⁴; up to half a unit it is zero.
  if (magnitude <= 0x33000000) return sign;
  const shift = 126 - (magnitude >>> 23);
  const significand = (magnitude & 0x7fffff) | 0x800000;
  const units = significand >>> shift;
  const rest = significand & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return sign | (units + (rest > middle || (rest === middle && (units & 1) === 1) ? 1 : 0));
}

/** The float32 bits of an IEEE half: exact, and NaN keeps its payload. */
export function floatOfHalf(half: number): number {
  const sign = (half & 0x8000) << 16;
  const magnitude = half & 0x7fff;
  if (magnitude >= 0x7c00) return (sign | 0x7f800000 | ((magnitude & 0x3ff) << 13)) >>> 0;
  if (magnitude >= 0x400) return (sign | ((magnitude << 13) + 0x38000000)) >>> 0;
  if (magnitude === 0) return sign >>> 0;
  const shift = Math.clz32(magnitude) - 8;
  return (sign | ((magnitude << shift) & 0x7fffff) | ((126 - shift) << 23)) >>> 0;
}
