// Keys of all items in the bins that were kept, NO_ITEM for those that are not there or may not be answered. One
// workgroup a bin, with a tile of one query. Follows a stream, order-key.wgsl and allowed.wgsl.

struct Shape {
  vectors: Vectors,
  // Bins that were kept of each query.
  kept: u32,
  // Bins of this segment; the others are scored by their own dispatch.
  first_bin: u32,
  end_bin: u32,
  masked: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(5) var<storage, read> kept: array<u32>;
@group(0) @binding(6) var<storage, read_write> keys: array<u32>;

@compute @workgroup_size(THREADS_X, THREADS_Y)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let number = workgroup.y * workgroups.x + workgroup.x;
  let query = shape.vectors.first_query + number / shape.kept;
  if (query >= shape.vectors.end_query) {
    return;
  }
  let bin = kept[number];
  if (bin < shape.first_bin || bin >= shape.end_bin) {
    return;
  }
  let first_item = (bin - shape.first_bin) * BIN;
  score_tile(query, first_item, thread, 0u);
  var key = NO_ITEM;
  if (first_item + thread < shape.vectors.items && allows(bin, thread)) {
    key = order_key(scores[0][0]);
  }
  keys[number * BIN + thread] = key;
}
