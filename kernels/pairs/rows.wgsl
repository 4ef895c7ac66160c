// scores[p] = queries[query_of[p]] · items[rows[p] - first_row], for the pairs from first_pair to end_pair, of row-major
// vectors. One thread each: components in order by fma.

struct Shape {
  first_pair: u32,
  end_pair: u32,
  first_row: u32,
  dims: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> queries: array<f32>;
@group(0) @binding(1) var<storage, read> items: array<f32>;
@group(0) @binding(2) var<storage, read> query_of: array<u32>;
@group(0) @binding(3) var<storage, read> rows: array<u32>;
@group(0) @binding(4) var<storage, read_write> scores: array<f32>;

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
  let query = query_of[pair] * shape.dims;
  let item = (rows[pair] - shape.first_row) * shape.dims;
  var sum = 0.0;
  for (var i = 0u; i < shape.dims; i++) {
    sum = fma(queries[query + i], items[item + i], sum);
  }
  scores[pair] = sum;
}
