// maxima[q, b] = the greatest key among the items of bin b, and rows[q, b] its row, of equal ones the first. A bin is
// several panels of one segment. Follows a tile and order-key.wgsl.

struct Shape {
  vectors: Vectors,
  // Of each query, in all segments, and the first of this one.
  bins: u32,
  first_bin: u32,
  // Items of a bin.
  width: u32,
  // Row of the first item of this segment.
  first_row: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(4) var<storage, read_write> maxima: array<u32>;
@group(0) @binding(5) var<storage, read_write> rows: array<u32>;

var<workgroup> greatest: array<atomic<u32>, QUERIES>;
var<workgroup> inverse_row: array<atomic<u32>, QUERIES>;

@compute @workgroup_size(THREADS_X, THREADS_Y)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  // Tiles are numbered as if a bin were one of them.
  let tile = place_of(workgroup, workgroups);
  let bin = tile.first_item / ITEMS;
  let first_item = bin * shape.width;
  if (first_item >= shape.vectors.items) {
    return;
  }
  let end_item = min(first_item + shape.width, shape.vectors.items);
  var best_keys: array<u32, QUERIES_EACH>;
  var best_items: array<u32, QUERIES_EACH>;
  for (var first = first_item; first < end_item; first += ITEMS) {
    score_tile(tile.first_query, first, local.x, local.y);
    for (var q = 0u; q < QUERIES_EACH; q++) {
      for (var i = 0u; i < ITEMS_EACH; i++) {
        let item = first + local.x + i * THREADS_X;
        let key = order_key(scores[q][i]);
        if (item < end_item && key > best_keys[q]) {
          best_keys[q] = key;
          best_items[q] = item;
        }
      }
    }
  }
  for (var q = 0u; q < QUERIES_EACH; q++) {
    atomicMax(&greatest[local.y + q * THREADS_Y], best_keys[q]);
  }
  workgroupBarrier();
  for (var q = 0u; q < QUERIES_EACH; q++) {
    let at = local.y + q * THREADS_Y;
    if (best_keys[q] == atomicLoad(&greatest[at])) {
      atomicMax(&inverse_row[at], ~(shape.first_row + best_items[q]));
    }
  }
  workgroupBarrier();
  for (var q = thread; q < QUERIES; q += THREADS) {
    let query = tile.first_query + q;
    if (query < shape.vectors.end_query) {
      let to = (query - shape.vectors.first_query) * shape.bins + shape.first_bin + bin;
      maxima[to] = atomicLoad(&greatest[q]);
      rows[to] = ~atomicLoad(&inverse_row[q]);
    }
  }
}
