// Writes the selected keys of each chunk behind those of the chunks before it. Follows scan.wgsl.

struct Shape {
  rows: u32,
  columns: u32,
  k: u32,
  chunks: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read> states: array<vec2u>;
@group(0) @binding(2) var<storage, read> counts: array<u32>;
@group(0) @binding(3) var<storage, read_write> positions: array<u32>;
@group(0) @binding(4) var<storage, read_write> selected: array<u32>;

const CHUNK = 2048u;
const CHUNK_EACH = CHUNK / THREADS;

var<workgroup> greater_before: atomic<u32>;
var<workgroup> equal_before: atomic<u32>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let number = workgroup.y * workgroups.x + workgroup.x;
  if (number >= shape.rows * shape.chunks) {
    return;
  }
  let row = number / shape.chunks;
  let chunk = number % shape.chunks;
  var greater = 0u;
  var equal = 0u;
  for (var other = thread; other < chunk; other += THREADS) {
    let count = counts[row * shape.chunks + other];
    greater += count & 0xffffu;
    equal += count >> 16u;
  }
  atomicAdd(&greater_before, greater);
  atomicAdd(&equal_before, equal);

  // Each thread keeps a stretch, so that positions come out ascending.
  let state = states[row * 4u + 3u];
  let threshold = state.x;
  let wanted = state.y;
  let begin = min(chunk * CHUNK + thread * CHUNK_EACH, shape.columns);
  let end = min(begin + CHUNK_EACH, shape.columns);
  var own = 0u;
  for (var at = begin; at < end; at++) {
    let key = keys[row * shape.columns + at];
    own += u32(key > threshold) + (u32(key == threshold) << 16u);
  }
  // Its barriers come after the sums above.
  let before = sum_through(thread, own) - own;
  greater = atomicLoad(&greater_before) + (before & 0xffffu);
  equal = atomicLoad(&equal_before) + (before >> 16u);
  for (var at = begin; at < end; at++) {
    let key = keys[row * shape.columns + at];
    if (key > threshold || (key == threshold && equal < wanted)) {
      let to = row * shape.k + greater + min(equal, wanted);
      positions[to] = at;
      selected[to] = key;
    }
    greater += u32(key > threshold);
    equal += u32(key == threshold);
  }
}
