// scores[q, i] = queries[q] · items[i]. Follows tile.wgsl.

@group(0) @binding(2) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(THREADS_X, THREADS_Y)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let first_item = (workgroup.y * workgroups.x + workgroup.x) * ITEMS;
  let first_query = shape.first_query + workgroup.z * QUERIES;
  score_tile(first_query, first_item, local.x, local.y);
  for (var q = 0u; q < QUERIES_EACH; q++) {
    let query = first_query + local.y + q * THREADS_Y;
    for (var i = 0u; i < ITEMS_EACH; i++) {
      let item = first_item + local.x + i * THREADS_X;
      if (query < shape.end_query && item < shape.items) {
        output[query * shape.items + item] = scores[q][i];
      }
    }
  }
}
