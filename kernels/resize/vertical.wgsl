// output[image, channel, y, x] = the weighted sum down a column of the middles × scale + shift. Each thread makes
// PIXELS neighbours: two where the output is of halves, of which a word holds two. Follows bytes.wgsl or reals.wgsl.

struct Shape {
  middle_rows: u32,
  width: u32,
  height: u32,
  stride: u32, // Words of one row in `rows`: the first of its middles, their count, then their weights.
  scale_r: f32,
  scale_g: f32,
  scale_b: f32,
  shift_r: f32,
  shift_g: f32,
  shift_b: f32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> middles: array<Middle>;
@group(0) @binding(1) var<storage, read> rows: array<u32>;
@group(0) @binding(2) var<storage, read_write> output: array<u32>;

fn pixel(image: u32, at: u32) -> vec3f {
  let row = (at / shape.width) * shape.stride;
  let first = (image * shape.middle_rows + rows[row]) * shape.width + at % shape.width;
  var sum = BEGIN;
  for (var tap = 0u; tap < rows[row + 1u]; tap++) {
    sum = weigh_middle(sum, middles[first + tap * shape.width], rows[row + 2u + tap]);
  }
  let scale = vec3f(shape.scale_r, shape.scale_g, shape.scale_b);
  return fma(value_of(sum), scale, vec3f(shape.shift_r, shape.shift_g, shape.shift_b));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let words = shape.width * shape.height / PIXELS;
  let word = (workgroup.y * workgroups.x + workgroup.x) * 64u + thread;
  if (word >= words) {
    return;
  }
  let first = pixel(workgroup.z, word * PIXELS);
  let second = pixel(workgroup.z, word * PIXELS + PIXELS - 1u);
  for (var channel = 0u; channel < 3u; channel++) {
    var bits = bitcast<u32>(first[channel]);
    if (PIXELS == 2u) {
      bits = pack2x16float(vec2f(first[channel], second[channel]));
    }
    output[(workgroup.z * 3u + channel) * words + word] = bits;
  }
}
