enable f16;
// As fma-f32.wgsl, in halves.

struct Shape {
  factor: f32,
  term: f32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = vec4h(f16(shape.factor));
  let term = vec4h(f16(shape.term));
  var a = vec4h(f16(id.x & 3u));
  var b = a + 1.0h;
  var c = a + 2.0h;
  var d = a + 3.0h;
  for (var i = 0u; i < ITERATIONS; i++) {
    a = fma(a, factor, term);
    b = fma(b, factor, term);
    c = fma(c, factor, term);
    d = fma(d, factor, term);
  }
  let sum = a + b + c + d;
  output[id.x] = f32(sum.x + sum.y + sum.z + sum.w);
}
