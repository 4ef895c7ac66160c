// IEEE halves by integer steps, since WGSL leaves rounding, overflow and subnormals of pack2x16float to the device;
// half.ts says the same.

// The half nearest to a float of these bits: ties to even, NaN quiet and without its payload.
fn half_of(bits: u32) -> u32 {
  let sign = (bits >> 16u) & 0x8000u;
  let magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) {
    return sign | 0x7e00u;
  }
  if (magnitude >= 0x477ff000u) {
    return sign | 0x7c00u;
  }
  if (magnitude >= 0x38800000u) {
    return sign | ((magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13u) & 1u)) >> 13u);
  }
  if (magnitude <= 0x33000000u) {
    return sign;
  }
  let shift = 126u - (magnitude >> 23u);
  let significand = (magnitude & 0x7fffffu) | 0x800000u;
  let units = significand >> shift;
  let rest = significand & ((1u << shift) - 1u);
  let middle = 1u << (shift - 1u);
  return sign | (units + u32(rest > middle || (rest == middle && (units & 1u) == 1u)));
}

// The bits of the float that a half is.
fn float_of_half(half: u32) -> u32 {
  let sign = (half & 0x8000u) << 16u;
  let magnitude = half & 0x7fffu;
  if (magnitude >= 0x7c00u) {
    return sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13u);
  }
  if (magnitude >= 0x400u) {
    return sign | ((magnitude << 13u) + 0x38000000u);
  }
  if (magnitude == 0u) {
    return sign;
  }
  let shift = countLeadingZeros(magnitude) - 8u;
  return sign | ((magnitude << shift) & 0x7fffffu) | ((126u - shift) << 23u);
}
