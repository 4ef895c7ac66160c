// Rows of halves from a seed, as panels: `rowOf` of corpus.ts says the same. One thread a granule. Follows panels.wgsl.

struct Shape {
  seed: u32,
  first_row: u32,
  rows: u32,
  granules: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read_write> panels: array<vec4u>;

fn mixed(value: u32) -> u32 {
  let a = (value ^ (value >> 16u)) * 0x7feb352du;
  let b = (a ^ (a >> 15u)) * 0x846ca68bu;
  return b ^ (b >> 16u);
}

// Two components: bytes from -128 to 127, over 128, which halves hold exactly.
fn pair(bytes: u32) -> u32 {
  return pack2x16float((vec2f(f32(bytes & 0xffu), f32((bytes >> 8u) & 0xffu)) - 128.0) / 128.0);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = (workgroup.y * workgroups.x + workgroup.x) * 64u + thread;
  let row = at / shape.granules;
  let granule = at % shape.granules;
  if (row >= shape.rows) {
    return;
  }
  let first = ((shape.first_row + row) * shape.granules + granule) * 2u;
  let low = mixed(mixed(first) ^ shape.seed);
  let high = mixed(mixed(first + 1u) ^ shape.seed);
  panels[granule_at(row, granule, shape.granules)] = vec4u(pair(low), pair(low >> 16u), pair(high), pair(high >> 16u));
}
