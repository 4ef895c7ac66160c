// The scales of the rows that are moved. Follows rows.wgsl.

struct Shape {
  rows: Rows,
  count: u32,
  to_row: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> from_scales: array<u32>;
@group(0) @binding(1) var<storage, read_write> to_scales: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = (workgroup.y * workgroups.x + workgroup.x) * 64u + thread;
  if (at >= shape.count) {
    return;
  }
  let row = row_of(shape.rows, at);
  if (row < shape.rows.end) {
    to_scales[shape.to_row + at] = from_scales[row];
  }
}
