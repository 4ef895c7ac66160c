// Bits that both have, as a share of those that either has. Follows integers.wgsl.

alias Sum = u32;

fn accumulate(sum: Sum, query: Part, item: Part) -> Sum {
  let bits = countOneBits(query & item);
  return sum + bits.x + bits.y + bits.z + bits.w;
}

fn accumulate_own(own: i32, row: Part) -> i32 {
  let bits = countOneBits(row);
  return own + i32(bits.x + bits.y + bits.z + bits.w);
}

fn finish(sum: Sum, query_own: i32, item_own: i32, query_scale: f32, item_scale: f32) -> f32 {
  let either = u32(query_own + item_own) - sum;
  if (either == 0u) {
    return 1.0;
  }
  return quotient(sum, either);
}

// a / b rounded to nearest, for a ≤ b ≤ 2¹⁷, so that equal shares are equal scores. WGSL lets a division be off by 2.5
// units in the last place; what is left over says by how many. A tie of roundings can't be, nor a power of 2 so near.
fn quotient(a: u32, b: u32) -> f32 {
  if (a == 0u) {
    return 0.0;
  }
  let near = bitcast<u32>(f32(a) / f32(b));
  let significand = (near & 0x7fffffu) | 0x800000u;
  let shift = 150u - (near >> 23u);
  // a · 2^shift − significand · b is a few b, and so exact modulo 2³².
  let rest = 2 * bitcast<i32>(select(a << (shift & 31u), 0u, shift > 31u) - significand * b);
  let half = i32(b);
  let up = u32(rest > half) + u32(rest > 3 * half) + u32(rest > 5 * half);
  let down = u32(rest < -half) + u32(rest < -3 * half) + u32(rest < -5 * half);
  return bitcast<f32>(near + up - down);
}
