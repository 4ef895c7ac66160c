// Minus the number of bits that differ, exact. Follows integers.wgsl.

alias Sum = u32;

fn accumulate(sum: Sum, query: Part, item: Part) -> Sum {
  let bits = countOneBits(query ^ item);
  return sum + bits.x + bits.y + bits.z + bits.w;
}

fn accumulate_own(own: i32, row: Part) -> i32 {
  return own;
}

fn finish(sum: Sum, query_own: i32, item_own: i32, query_scale: f32, item_scale: f32) -> f32 {
  return -f32(sum);
}
