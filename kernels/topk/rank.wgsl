// Puts the selected candidates in order: each counts those before it. Quadratic in k, without memory or barriers.

struct Shape {
  first_query: u32,
  bins: u32,
  k: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> kept: array<u32>;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read> candidates: array<u32>;
@group(0) @binding(3) var<storage, read> keys: array<u32>;
@group(0) @binding(4) var<storage, read_write> best_rows: array<u32>;
@group(0) @binding(5) var<storage, read_write> best_scores: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let own = (workgroup.y * workgroups.x + workgroup.x) * 64u + thread;
  if (own >= shape.k) {
    return;
  }
  let start = workgroup.z * shape.k;
  let key = keys[start + own];
  // Candidates ascend, as do the bins that they lie in: of equal keys the earlier one stands for the smaller row.
  var rank = 0u;
  for (var other = 0u; other < own; other++) {
    rank += u32(keys[start + other] >= key);
  }
  for (var other = own + 1u; other < shape.k; other++) {
    rank += u32(keys[start + other] > key);
  }
  let candidate = candidates[start + own];
  let bin = kept[workgroup.z * shape.bins + candidate / 64u];
  let to = (shape.first_query + workgroup.z) * shape.k + rank;
  best_rows[to] = bin * 64u + candidate % 64u;
  best_scores[to] = scores[workgroup.z * shape.bins * 64u + candidate];
}
