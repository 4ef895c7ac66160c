// middles[image, row, x] = the weighted sum along a row of the source, for the rows and columns that are needed.
// One thread each. Follows bytes.wgsl or reals.wgsl; needs the constant CHANNELS, 3 or 4.

struct Shape {
  source_width: u32,
  source_height: u32,
  first_row: u32,
  rows: u32,
  width: u32,
  stride: u32, // Words of one column in `columns`: the first pixel, their count, then their weights.
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> source: array<u32>;
@group(0) @binding(1) var<storage, read> columns: array<u32>;
@group(0) @binding(2) var<storage, read_write> middles: array<Middle>;

fn byte_at(at: u32) -> u32 {
  return (source[at / 4u] >> (8u * (at % 4u))) & 0xffu;
}

fn pixel_at(pixel: u32) -> vec3u {
  if (CHANNELS == 4u) {
    return (vec3u(source[pixel]) >> vec3u(0u, 8u, 16u)) & vec3u(0xffu);
  }
  return vec3u(byte_at(3u * pixel), byte_at(3u * pixel + 1u), byte_at(3u * pixel + 2u));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = (workgroup.y * workgroups.x + workgroup.x) * 64u + thread;
  if (at >= shape.rows * shape.width) {
    return;
  }
  let row = workgroup.z * shape.source_height + shape.first_row + at / shape.width;
  let column = (at % shape.width) * shape.stride;
  let first = row * shape.source_width + columns[column];
  var sum = BEGIN;
  for (var tap = 0u; tap < columns[column + 1u]; tap++) {
    sum = weigh(sum, pixel_at(first + tap), columns[column + 2u + tap]);
  }
  middles[workgroup.z * shape.rows * shape.width + at] = middle_of(sum);
}
