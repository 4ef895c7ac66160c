// Rows of panels to rows side by side of other panels. One thread a row: threads side by side write neighbouring
// granules. Follows panels.wgsl and rows.wgsl.

struct Shape {
  rows: Rows,
  count: u32,
  to_row: u32,
  granules: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> from_panels: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> to_panels: array<vec4u>;

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
  if (row >= shape.rows.end) {
    return;
  }
  for (var granule = 0u; granule < shape.granules; granule++) {
    let source = granule_at(row, granule, shape.granules);
    to_panels[granule_at(shape.to_row + at, granule, shape.granules)] = from_panels[source];
  }
}
