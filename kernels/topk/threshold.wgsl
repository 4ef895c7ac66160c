// thresholds[q] = the key below which no bin can be among the best of query q: of the score that is `slack` below the
// least of the `kept` greatest maxima, which are within half of it. One workgroup a query. Follows order-key.wgsl.

struct Shape {
  queries: u32,
  kept: u32,
  slack: f32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read_write> thresholds: array<u32>;

const THREADS = 64u;

var<workgroup> least: atomic<u32>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let query = workgroup.y * workgroups.x + workgroup.x;
  if (query >= shape.queries) {
    return;
  }
  // The greatest complement is that of the least key.
  for (var at = thread; at < shape.kept; at += THREADS) {
    atomicMax(&least, ~keys[query * shape.kept + at]);
  }
  workgroupBarrier();
  if (thread == 0u) {
    let key = ~atomicLoad(&least);
    let bits = score_bits(key);
    let magnitude = bits & 0x7fffffffu;
    // Nothing is near an infinity. Without a number to compare with, every bin stays that has an item.
    var threshold = select(key, NAN_KEY, magnitude > 0x7f800000u);
    if (magnitude < 0x7f800000u) {
      threshold = order_key(bitcast<f32>(bits) - shape.slack);
    }
    thresholds[query] = threshold;
  }
}
