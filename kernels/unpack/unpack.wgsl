// Rows of panels to vectors, row-major. Eight threads a row, eight rows a workgroup: threads side by side read granules
// of neighbouring rows, and write neighbouring stretches of a vector. Follows panels.wgsl,
// rows.wgsl and a type's float_of.

const LANES = 8u;
const VECTORS = 8u;

struct Shape {
  rows: Rows,
  count: u32,
  dims: u32,
  granules: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> panels: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> vectors: array<u32>;

@compute @workgroup_size(LANES * VECTORS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = (workgroup.y * workgroups.x + workgroup.x) * VECTORS + thread / LANES;
  if (at >= shape.count) {
    return;
  }
  let row = row_of(shape.rows, at);
  if (row >= shape.rows.end) {
    return;
  }
  for (var granule = thread % LANES; granule < shape.granules; granule += LANES) {
    let words = panels[granule_at(row, granule, shape.granules)];
    let first = granule * 4u * PER_WORD;
    let end = min(shape.dims, first + 4u * PER_WORD);
    for (var i = first; i < end; i++) {
      vectors[at * shape.dims + i] = float_of(words[(i - first) / PER_WORD], i % PER_WORD, row);
    }
  }
}
