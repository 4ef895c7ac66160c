// output[q, i] = the epilogue of the product of row q of a and row i of b. Follows product.wgsl, place.wgsl and output.wgsl.

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let place = place_of(workgroup, workgroups);
  if (place.first_item >= shape.vectors.items) {
    return;
  }
  multiply(place.first_query, place.first_item, thread, subgroup, lane);
}

fn take(query: u32, item: u32, sums: vec4f) {
  if (query >= shape.vectors.end_query) {
    return;
  }
  let of_query = query_scale(query);
  for (var i = 0u; i < 4u; i++) {
    if (item + i < shape.vectors.items) {
      put(query, item + i, sums[i] * of_query * item_scale(item + i));
    }
  }
}
