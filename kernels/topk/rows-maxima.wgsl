// maxima[q, b] = the greatest key among the 64 items of bin b. Follows tile.wgsl and order-key.wgsl.

@group(0) @binding(2) var<storage, read_write> maxima: array<u32>;

var<workgroup> greatest: array<atomic<u32>, QUERIES>;

@compute @workgroup_size(THREADS_X, THREADS_Y)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let bin = workgroup.y * workgroups.x + workgroup.x;
  let bins = (shape.items + ITEMS - 1u) / ITEMS;
  let first_query = shape.first_query + workgroup.z * QUERIES;
  score_tile(first_query, bin * ITEMS, local.x, local.y);
  for (var q = 0u; q < QUERIES_EACH; q++) {
    var key = NO_ITEM;
    for (var i = 0u; i < ITEMS_EACH; i++) {
      if (bin * ITEMS + local.x + i * THREADS_X < shape.items) {
        key = max(key, order_key(scores[q][i]));
      }
    }
    atomicMax(&greatest[local.y + q * THREADS_Y], key);
  }
  workgroupBarrier();
  for (var q = thread; q < QUERIES; q += THREADS) {
    if (first_query + q < shape.end_query && bin < bins) {
      maxima[(first_query + q - shape.first_query) * bins + bin] = atomicLoad(&greatest[q]);
    }
  }
}
