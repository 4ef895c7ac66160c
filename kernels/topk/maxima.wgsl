// maxima[q, b] = the greatest key among the items of bin b that may be answered. Follows a tile, order-key.wgsl and
// allowed.wgsl.

struct Shape {
  vectors: Vectors,
  // Of each query, in all segments, and the first of this one.
  bins: u32,
  first_bin: u32,
  masked: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(5) var<storage, read_write> maxima: array<u32>;

var<workgroup> greatest: array<atomic<u32>, QUERIES>;

@compute @workgroup_size(THREADS_X, THREADS_Y)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = place_of(workgroup, workgroups);
  if (place.first_item >= shape.vectors.items) {
    return;
  }
  let bin = shape.first_bin + place.first_item / BIN;
  if (any_allowed(bin)) {
    score_tile(place.first_query, place.first_item, local.x, local.y);
    for (var q = 0u; q < QUERIES_EACH; q++) {
      var key = NO_ITEM;
      for (var i = 0u; i < ITEMS_EACH; i++) {
        let at = local.x + i * THREADS_X;
        if (place.first_item + at < shape.vectors.items && allows(bin, at)) {
          key = max(key, order_key(scores[q][i]));
        }
      }
      atomicMax(&greatest[local.y + q * THREADS_Y], key);
    }
    workgroupBarrier();
  }
  for (var q = thread; q < QUERIES; q += THREADS) {
    let query = place.first_query + q;
    if (query < shape.vectors.end_query) {
      maxima[(query - shape.vectors.first_query) * shape.bins + bin] = atomicLoad(&greatest[q]);
    }
  }
}
