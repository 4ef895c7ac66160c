// Nothing but fused multiply and add: 16 sums a thread that don't wait for each other. Needs the constant ITERATIONS.

struct Shape {
  factor: f32,
  term: f32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = vec4f(shape.factor);
  let term = vec4f(shape.term);
  var a = vec4f(f32(id.x & 3u));
  var b = a + 1.0;
  var c = a + 2.0;
  var d = a + 3.0;
  for (var i = 0u; i < ITERATIONS; i++) {
    a = fma(a, factor, term);
    b = fma(b, factor, term);
    c = fma(c, factor, term);
    d = fma(d, factor, term);
  }
  let sum = a + b + c + d;
  output[id.x] = sum.x + sum.y + sum.z + sum.w;
}
