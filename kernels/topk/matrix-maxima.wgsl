// maxima[q, b] = the greatest key among the items of bin b that may be answered, by subgroup matrices: exact for bytes,
// within the bound of such sums for floats. Follows product.wgsl, place.wgsl, order-key.wgsl and allowed.wgsl.

struct Shape {
  vectors: Vectors,
  // Of each query, in all segments, and the first of this one.
  bins: u32,
  first_bin: u32,
  masked: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(5) var<storage, read_write> maxima: array<u32>;

// Of a tile: two.
const BINS = ITEMS / BIN;

var<workgroup> greatest: array<atomic<u32>, QUERIES * BINS>;
var<private> place: Place;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let own = place_of(workgroup, workgroups);
  if (own.first_item >= shape.vectors.items) {
    return;
  }
  place = own;
  let bin = shape.first_bin + own.first_item / BIN;
  if (any_allowed(bin) || any_allowed(bin + BINS - 1u)) {
    multiply(own.first_query, own.first_item, thread, subgroup, lane);
  }
  for (var n = thread; n < QUERIES * BINS; n += THREADS) {
    let query = own.first_query + n / BINS;
    if (query < shape.vectors.end_query && own.first_item + n % BINS * BIN < shape.vectors.items) {
      maxima[(query - shape.vectors.first_query) * shape.bins + bin + n % BINS] = atomicLoad(&greatest[n]);
    }
  }
}

fn take(query: u32, item: u32, sums: vec4f) {
  if (query >= shape.vectors.end_query) {
    return;
  }
  let of_query = query_scale(query);
  let bin = shape.first_bin + item / BIN;
  var key = NO_ITEM;
  for (var i = 0u; i < 4u; i++) {
    if (item + i < shape.vectors.items && allows(bin, item % BIN + i)) {
      key = max(key, order_key(sums[i] * of_query * item_scale(item + i)));
    }
  }
  atomicMax(&greatest[(query - place.first_query) * BINS + (item - place.first_item) / BIN], key);
}
