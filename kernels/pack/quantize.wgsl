// Bytes by integer steps; quantize.ts says the same. Follows norm.wgsl. `greatest` is the bits of the row's greatest
// magnitude.

const INFINITY = 0x7f800000u;
// 2⁻¹¹⁹: below it a row counts as zero.
const LEAST = 0x04000000u;

// The bits of greatest / 127 to nearest; NaN where the row has no scale.
fn scale_of(greatest: u32) -> u32 {
  if (greatest >= INFINITY) {
    return 0x7fc00000u;
  }
  if (greatest < LEAST) {
    return 0u;
  }
  // Shifted so that the quotient has 24 bits. 127 is odd: there are no ties.
  let significand = significand_of(greatest);
  let shift = select(6u, 7u, significand < 127u << 17u);
  let scaled = significand << shift;
  let quotient = scaled / 127u + u32(scaled % 127u > 63u);
  return ((exponent_of(greatest) - shift) << 23u) + (quotient - 0x800000u);
}

// 127 · value / greatest to the nearest integer, ties to even; its low byte.
fn quantized(bits: u32, greatest: u32) -> u32 {
  if (greatest >= INFINITY || greatest < LEAST) {
    return 0u;
  }
  let magnitude = bits & 0x7fffffffu;
  let shift = exponent_of(greatest) - exponent_of(magnitude);
  if (shift > 8u) {
    return 0u;
  }
  let numerator = 254u * significand_of(magnitude);
  let denominator = significand_of(greatest) << shift;
  let halves = numerator / denominator;
  let beyond = numerator % denominator > 0u;
  let whole = (halves >> 1u) + (halves & u32(beyond || (halves & 2u) != 0u));
  return select(whole, 0u - whole, bits >> 31u == 1u) & 0xffu;
}
