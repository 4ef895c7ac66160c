// scores[p] = the score of query query_of[p] and row rows[p], for the pairs from first_pair to end_pair; row first_row is
// the first of the items. One thread each. Follows row.wgsl.

struct Shape {
  vectors: Vectors,
  first_pair: u32,
  end_pair: u32,
  first_row: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(4) var<storage, read> query_of: array<u32>;
@group(0) @binding(5) var<storage, read> rows: array<u32>;
@group(0) @binding(6) var<storage, read_write> scores: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let pair = shape.first_pair + (workgroup.y * workgroups.x + workgroup.x) * 64u + thread;
  if (pair >= shape.end_pair) {
    return;
  }
  scores[pair] = score_row(query_of[pair], rows[pair] - shape.first_row);
}
