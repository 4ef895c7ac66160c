// output[q, i] = the score of query q and item i. Follows a tile and a file with `epilogue`.

struct Shape {
  vectors: Vectors,
}
var<immediate> shape: Shape;

@group(0) @binding(4) var<storage, read_write> output: array<f32>;

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
        output[query * shape.vectors.items + item] = epilogue(scores[q][i], query, item);
      }
    }
  }
}
