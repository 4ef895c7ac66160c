// Replaces the maximum of each bin that reaches the threshold of its query by that of the scores in the order of
// components: the others can't be among the best. CHUNK bins of a query are looked through by each workgroup, with a tile
// of one query. Follows a stream, order-key.wgsl and allowed.wgsl.

struct Shape {
  vectors: Vectors,
  // Of each query, in all segments, and those of this one.
  bins: u32,
  first_bin: u32,
  end_bin: u32,
  masked: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(5) var<storage, read> thresholds: array<u32>;
@group(0) @binding(6) var<storage, read_write> maxima: array<u32>;

const CHUNK = 256u;

var<workgroup> listed: array<u32, CHUNK>;
var<workgroup> count: atomic<u32>;
var<workgroup> length: u32;
var<workgroup> greatest: atomic<u32>;

@compute @workgroup_size(THREADS_X, THREADS_Y)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let number = workgroup.y * workgroups.x + workgroup.x;
  let chunks = (shape.end_bin - shape.first_bin + CHUNK - 1u) / CHUNK;
  let query = shape.vectors.first_query + number / chunks;
  if (query >= shape.vectors.end_query) {
    return;
  }
  let own = query - shape.vectors.first_query;
  let first = shape.first_bin + number % chunks * CHUNK;
  let end = min(first + CHUNK, shape.end_bin);
  let threshold = thresholds[own];
  for (var bin = first + thread; bin < end; bin += THREADS) {
    if (maxima[own * shape.bins + bin] >= threshold) {
      listed[atomicAdd(&count, 1u)] = bin;
    }
  }
  workgroupBarrier();
  if (thread == 0u) {
    length = atomicLoad(&count);
  }
  let bins = workgroupUniformLoad(&length);
  for (var at = 0u; at < bins; at++) {
    let bin = listed[at];
    let first_item = (bin - shape.first_bin) * BIN;
    score_tile(query, first_item, thread, 0u);
    if (first_item + thread < shape.vectors.items && allows(bin, thread)) {
      atomicMax(&greatest, order_key(scores[0][0]));
    }
    workgroupBarrier();
    if (thread == 0u) {
      maxima[own * shape.bins + bin] = atomicExchange(&greatest, NO_ITEM);
    }
    workgroupBarrier();
  }
}
