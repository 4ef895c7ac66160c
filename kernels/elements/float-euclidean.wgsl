// Minus the squared distance of floats, which have no scales. Follows f32.wgsl or f16.wgsl. Components in order, by fma.

alias Sum = f32;

fn accumulate(sum: Sum, query: Part, item: Part) -> Sum {
  let d = query - item;
  return fma(d.w, d.w, fma(d.z, d.z, fma(d.y, d.y, fma(d.x, d.x, sum))));
}

fn accumulate_own(own: i32, row: Part) -> i32 {
  return own;
}

fn finish(sum: Sum, query_own: i32, item_own: i32, query_scale: f32, item_scale: f32) -> f32 {
  return -sum;
}
