// Merges the parts' lists of each query, which are in order, into one: each entry counts those before it by a binary
// search in every other part, and goes to its place. Follows order-key.wgsl.

struct Shape {
  queries: u32,
  parts: u32,
  // Entries of each list, and how far it is to the next query's and to the next part's.
  length: u32,
  query_stride: u32,
  part_stride: u32,
  // Of the answers: the query that they start with, and the places of each.
  first_query: u32,
  places: u32,
  // Bit 0: rows of a part count from firsts[part] on. Bit 1: the parts are written.
  options: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> scores: array<u32>;
@group(0) @binding(2) var<storage, read> firsts: array<u32>;
@group(0) @binding(3) var<storage, read_write> best_rows: array<u32>;
@group(0) @binding(4) var<storage, read_write> best_scores: array<u32>;
@group(0) @binding(5) var<storage, read_write> best_parts: array<u32>;

fn key_at(at: u32) -> u32 {
  if (rows[at] == NO_ROW) {
    return NO_ITEM;
  }
  return order_key_of_bits(scores[at]);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let entry = (workgroup.y * workgroups.x + workgroup.x) * 64u + thread;
  let query = entry / (shape.parts * shape.length);
  if (query >= shape.queries) {
    return;
  }
  let part = entry / shape.length % shape.parts;
  let own = entry % shape.length;
  let start = query * shape.query_stride;
  let at = start + part * shape.part_stride + own;
  let key = key_at(at);
  var rank = own;
  for (var other = 0u; other < shape.parts; other++) {
    if (other == part) {
      continue;
    }
    // Of equal keys those of the earlier part come first.
    let lowest = key + u32(other > part);
    var low = 0u;
    var high = shape.length;
    while (low < high) {
      let middle = (low + high) / 2u;
      if (key_at(start + other * shape.part_stride + middle) >= lowest) {
        low = middle + 1u;
      } else {
        high = middle;
      }
    }
    rank += low;
  }
  if (rank >= shape.places) {
    return;
  }
  var row = rows[at];
  if (row != NO_ROW && (shape.options & 1u) != 0u) {
    row += firsts[part];
  }
  let to = (shape.first_query + query) * shape.places + rank;
  best_rows[to] = row;
  best_scores[to] = scores[at];
  if ((shape.options & 2u) != 0u) {
    best_parts[to] = part;
  }
}
