// Scores of QUERIES × ITEMS pairs, for many queries: QUERIES_EACH × ITEMS_EACH scores a thread, in registers. SLICE parts
// of all rows at a time go through workgroup memory, where neighbouring threads read neighbouring parts. Follows
// vectors.wgsl. Needs the constants QUERIES, ITEMS, QUERIES_EACH, ITEMS_EACH and SLICE.

const THREADS_X = ITEMS / ITEMS_EACH;
const THREADS_Y = QUERIES / QUERIES_EACH;
const THREADS = THREADS_X * THREADS_Y;
const DEPTH = SLICE / PARTS;

var<workgroup> query_parts: array<array<Part, QUERIES>, SLICE>;
var<workgroup> item_parts: array<array<Part, ITEMS>, SLICE>;
// scores[q][i]: of query y + q × THREADS_Y and item x + i × THREADS_X of the tile.
var<private> scores: array<array<f32, ITEMS_EACH>, QUERIES_EACH>;

// All threads of a workgroup call it, with their local x and y. Rows past the last are scored as the last; those scores
// must not be used.
fn score_tile(first_query: u32, first_item: u32, x: u32, y: u32) {
  let thread = y * THREADS_X + x;
  let granules = shape.vectors.granules;
  let last_query = shape.vectors.end_query - 1u;
  let last_item = shape.vectors.items - 1u;
  var sums: array<array<Sum, ITEMS_EACH>, QUERIES_EACH>;
  var query_owns: array<i32, QUERIES_EACH>;
  var item_owns: array<i32, ITEMS_EACH>;
  for (var start = 0u; start < granules; start += DEPTH) {
    let depth = min(DEPTH, granules - start);
    for (var n = thread; n < depth * ITEMS; n += THREADS) {
      let item = min(first_item + n % ITEMS, last_item);
      let granule = item_granules[granule_at(item, start + n / ITEMS, granules)];
      for (var p = 0u; p < PARTS; p++) {
        item_parts[n / ITEMS * PARTS + p][n % ITEMS] = part(granule, p);
      }
    }
    for (var n = thread; n < depth * QUERIES; n += THREADS) {
      let query = min(first_query + n % QUERIES, last_query);
      let granule = query_granules[granule_at(query, start + n / QUERIES, granules)];
      for (var p = 0u; p < PARTS; p++) {
        query_parts[n / QUERIES * PARTS + p][n % QUERIES] = part(granule, p);
      }
    }
    workgroupBarrier();
    for (var p = 0u; p < depth * PARTS; p++) {
      var item: array<Part, ITEMS_EACH>;
      for (var i = 0u; i < ITEMS_EACH; i++) {
        item[i] = item_parts[p][x + i * THREADS_X];
        item_owns[i] = accumulate_own(item_owns[i], item[i]);
      }
      for (var q = 0u; q < QUERIES_EACH; q++) {
        let query = query_parts[p][y + q * THREADS_Y];
        query_owns[q] = accumulate_own(query_owns[q], query);
        for (var i = 0u; i < ITEMS_EACH; i++) {
          sums[q][i] = accumulate(sums[q][i], query, item[i]);
        }
      }
    }
    workgroupBarrier();
  }
  for (var q = 0u; q < QUERIES_EACH; q++) {
    let of_query = query_scale(min(first_query + y + q * THREADS_Y, last_query));
    for (var i = 0u; i < ITEMS_EACH; i++) {
      let of_item = item_scale(min(first_item + x + i * THREADS_X, last_item));
      scores[q][i] = finish(sums[q][i], query_owns[q], item_owns[i], of_query, of_item);
    }
  }
}
