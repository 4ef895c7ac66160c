// L2 norms by integer steps, so that every device and the host give the same bits, whatever the order of the sum;
// norm.ts says the same, and the bound. A component counts units of 2⁻²³ of the power of two at or below the row's
// greatest magnitude, whose exponent field is `exponent`.

// An integer of 64 bits: low word, high word.
alias Wide = vec2u;

fn wide_sum(a: Wide, b: Wide) -> Wide {
  let low = a.x + b.x;
  return Wide(low, a.y + b.y + u32(low < a.x));
}

fn wide_product(a: u32, b: u32) -> Wide {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let other = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return Wide(a * b, (a >> 16u) * (b >> 16u) + (middle >> 16u) + (other >> 16u));
}

// The exponent field of a magnitude, that of the smallest normal for subnormals.
fn exponent_of(magnitude: u32) -> u32 {
  return max(magnitude >> 23u, 1u);
}

fn significand_of(magnitude: u32) -> u32 {
  return select((magnitude & 0x7fffffu) | 0x800000u, magnitude, magnitude < 0x800000u);
}

// The square of a component in units, half a unit rounded up.
fn square_of(bits: u32, exponent: u32) -> Wide {
  let magnitude = bits & 0x7fffffffu;
  let shift = exponent - exponent_of(magnitude);
  if (shift > 24u) {
    return Wide();
  }
  let units = (significand_of(magnitude) + ((1u << shift) >> 1u)) >> shift;
  return wide_product(units, units);
}

// Whether root² · value ≤ 2⁸⁰.
fn root_fits(root: u32, value: u32) -> bool {
  let square = wide_product(root, root);
  let low = wide_product(square.x, value);
  let high = wide_sum(wide_product(square.y, value), Wide(low.y, 0u));
  return high.y < 0x10000u || (high.y == 0x10000u && high.x == 0u && low.x == 0u);
}

// 1 / √sum as root · 2^-power, root the nearest integer from 2²³ to 2²⁴.
struct InverseNorm {
  root: u32,
  power: i32,
}

fn inverse_norm(sum: Wide) -> InverseNorm {
  let length = select(32u - countLeadingZeros(sum.x), 64u - countLeadingZeros(sum.y), sum.y > 0u);
  // The sum as value · 4^half, value from 2³⁰ up to 2³².
  let half = (i32(length) - 31) >> 1u;
  var value = sum.x;
  if (half <= 0) {
    value <<= u32(-2 * half);
  } else if (half < 16) {
    value = (sum.x >> u32(2 * half)) | (sum.y << u32(32 - 2 * half));
  } else {
    value = sum.y;
  }
  // Near enough for a few steps to the integer floor(2⁴⁰ / √value).
  var twice = u32(clamp(inverseSqrt(f32(value)) * 0x1p40, 0x1p24, 0x1p25));
  while (!root_fits(twice, value)) {
    twice--;
  }
  while (root_fits(twice + 1u, value)) {
    twice++;
  }
  return InverseNorm((twice + 1u) >> 1u, 39 + half);
}

// A component divided by the norm; zero where it is below 2⁻⁹⁴ of the greatest. One product of floats, each normal.
fn normalized(bits: u32, exponent: u32, inverse: InverseNorm) -> u32 {
  let magnitude = bits & 0x7fffffffu;
  let shift = exponent - exponent_of(magnitude);
  if (shift > 94u || magnitude == 0u) {
    return bits & 0x80000000u;
  }
  let factor = i32(bitcast<u32>(f32(inverse.root))) - ((inverse.power + i32(shift)) << 23u);
  return (bits & 0x80000000u) | bitcast<u32>(f32(significand_of(magnitude)) * bitcast<f32>(factor));
}
