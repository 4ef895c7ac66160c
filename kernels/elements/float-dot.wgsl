// Dot product of floats. Follows f32.wgsl or f16.wgsl.
// Components in order, by fma: whichever kernel computes a score, it has the same bits.

alias Sum = f32;

fn accumulate(sum: Sum, query: Part, item: Part) -> Sum {
  return fma(query.w, item.w, fma(query.z, item.z, fma(query.y, item.y, fma(query.x, item.x, sum))));
}

fn accumulate_own(own: i32, row: Part) -> i32 {
  return own;
}

fn finish(sum: Sum, query_own: i32, item_own: i32, query_scale: f32, item_scale: f32) -> f32 {
  return sum * query_scale * item_scale;
}
