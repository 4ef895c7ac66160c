// output[q, i] = the epilogue of the product of row q of a and row i of b. Follows a tile, place.wgsl and output.wgsl.

@compute @workgroup_size(THREADS_X, THREADS_Y)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let place = place_of(workgroup, workgroups);
  if (place.first_item >= shape.vectors.items) {
    return;
  }
  score_tile(place.first_query, place.first_item, local.x, local.y);
  for (var q = 0u; q < QUERIES_EACH; q++) {
    let query = place.first_query + local.y + q * THREADS_Y;
    for (var i = 0u; i < ITEMS_EACH; i++) {
      let item = place.first_item + local.x + i * THREADS_X;
      if (query < shape.vectors.end_query && item < shape.vectors.items) {
        put(query, item, scores[q][i]);
      }
    }
  }
}
