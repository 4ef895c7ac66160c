// Keys of all items in the bins that were kept. Components in order by fma, as in tile.wgsl: the same bits
// as there. One workgroup a bin. Follows order-key.wgsl.

struct Shape {
  first_query: u32,
  items: u32,
  dims: u32,
  bins: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> queries: array<f32>;
@group(0) @binding(1) var<storage, read> items: array<f32>;
@group(0) @binding(2) var<storage, read> kept: array<u32>;
@group(0) @binding(3) var<storage, read_write> keys: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let slot = workgroup.y * workgroups.x + workgroup.x;
  if (slot >= shape.bins) {
    return;
  }
  let at = workgroup.z * shape.bins + slot;
  let item = kept[at] * 64u + thread;
  let candidate = at * 64u + thread;
  if (item >= shape.items) {
    keys[candidate] = NO_ITEM;
    return;
  }
  let query = (shape.first_query + workgroup.z) * shape.dims;
  var sum = 0.0;
  for (var i = 0u; i < shape.dims; i++) {
    sum = fma(queries[query + i], items[item * shape.dims + i], sum);
  }
  keys[candidate] = order_key(sum);
}
