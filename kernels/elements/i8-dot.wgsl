// Dot product of signed bytes, exact before the scales. Follows integers.wgsl.

alias Sum = i32;

fn accumulate(sum: Sum, query: Part, item: Part) -> Sum {
  return sum + dot16(query, item);
}

fn accumulate_own(own: i32, row: Part) -> i32 {
  return own;
}

fn finish(sum: Sum, query_own: i32, item_own: i32, query_scale: f32, item_scale: f32) -> f32 {
  return f32(sum) * query_scale * item_scale;
}

fn dot16(a: vec4u, b: vec4u) -> i32 {
  return dot4I8Packed(a.x, b.x) + dot4I8Packed(a.y, b.y) + dot4I8Packed(a.z, b.z) + dot4I8Packed(a.w, b.w);
}
