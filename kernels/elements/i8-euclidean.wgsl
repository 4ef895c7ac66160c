// Minus the squared distance of scaled bytes. Follows integers.wgsl.
//
// With Q = Σq², X = Σx², D = Σ(q − x)², all exact, and the scales s and t:
//   Σ(sq − tx)² = s²Q − 2stΣqx + t²X = stD + (s − t)(sQ − tX)
// The last form does not cancel where the vectors are near each other, which is where distances matter.

alias Sum = i32;

fn accumulate(sum: Sum, query: Part, item: Part) -> Sum {
  return sum + dot16(query, item);
}

fn accumulate_own(own: i32, row: Part) -> i32 {
  return own + dot16(row, row);
}

fn finish(sum: Sum, query_own: i32, item_own: i32, query_scale: f32, item_scale: f32) -> f32 {
  // D is up to 4 × 127² × dims: it may need all 32 bits. With each fma written out, no compiler can choose another.
  let near = f32(bitcast<u32>(query_own + item_own - 2 * sum)) * query_scale * item_scale;
  let rest = fma(f32(query_own), query_scale, -(f32(item_own) * item_scale));
  return -fma(query_scale - item_scale, rest, near);
}

fn dot16(a: vec4u, b: vec4u) -> i32 {
  return dot4I8Packed(a.x, b.x) + dot4I8Packed(a.y, b.y) + dot4I8Packed(a.z, b.z) + dot4I8Packed(a.w, b.w);
}
