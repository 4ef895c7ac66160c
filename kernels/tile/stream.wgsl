// Scores of QUERIES × ITEMS pairs, for few queries: one thread an item, which it reads once, in order, straight from
// memory: 64 neighbouring threads read 1 KiB at once. The queries are shared through workgroup memory, SLICE parts of
// each at a time. Follows vectors.wgsl. Needs the constants QUERIES, QUERIES_EACH (as many), ITEMS, ITEMS_EACH
// (1) and SLICE.

const THREADS_X = ITEMS;
const THREADS_Y = 1u;
const THREADS = ITEMS;
const DEPTH = SLICE / PARTS;

var<workgroup> query_parts: array<array<Part, QUERIES>, SLICE>;
var<private> sums: array<Sum, QUERIES>;
var<private> query_owns: array<i32, QUERIES>;
var<private> item_own: i32;
// scores[q][i]: of query y + q × THREADS_Y and item x + i × THREADS_X of the tile.
var<private> scores: array<array<f32, ITEMS_EACH>, QUERIES_EACH>;

// All threads of a workgroup call it, with their local x and y. Rows past the last are scored as the last; those scores
// must not be used.
fn score_tile(first_query: u32, first_item: u32, x: u32, y: u32) {
  let item = min(first_item + x, shape.vectors.items - 1u);
  let granules = shape.vectors.granules;
  var at = granule_at(item, 0u, granules);
  sums = array<Sum, QUERIES>();
  query_owns = array<i32, QUERIES>();
  item_own = 0;
  for (var start = 0u; start < granules; start += DEPTH) {
    let depth = min(DEPTH, granules - start);
    for (var n = x; n < depth * QUERIES; n += THREADS) {
      let query = min(first_query + n % QUERIES, shape.vectors.end_query - 1u);
      let granule = query_granules[granule_at(query, start + n / QUERIES, granules)];
      for (var p = 0u; p < PARTS; p++) {
        query_parts[n / QUERIES * PARTS + p][n % QUERIES] = part(granule, p);
      }
    }
    workgroupBarrier();
    // Four loads in flight for each thread; what they bring is added in order.
    var g = 0u;
    for (; g + 4u <= depth; g += 4u) {
      let first = item_granules[at];
      let second = item_granules[at + PANEL_ROWS];
      let third = item_granules[at + 2u * PANEL_ROWS];
      let fourth = item_granules[at + 3u * PANEL_ROWS];
      add_granule(first, g);
      add_granule(second, g + 1u);
      add_granule(third, g + 2u);
      add_granule(fourth, g + 3u);
      at += 4u * PANEL_ROWS;
    }
    for (; g < depth; g++) {
      add_granule(item_granules[at], g);
      at += PANEL_ROWS;
    }
    workgroupBarrier();
  }
  let scale = item_scale(item);
  for (var q = 0u; q < QUERIES; q++) {
    let query = min(first_query + q, shape.vectors.end_query - 1u);
    scores[q][0] = finish(sums[q], query_owns[q], item_own, query_scale(query), scale);
  }
}

fn add_granule(granule: vec4u, index: u32) {
  for (var p = 0u; p < PARTS; p++) {
    let item = part(granule, p);
    item_own = accumulate_own(item_own, item);
    for (var q = 0u; q < QUERIES; q++) {
      let query = query_parts[index * PARTS + p][q];
      query_owns[q] = accumulate_own(query_owns[q], query);
      sums[q] = accumulate(sums[q], query, item);
    }
  }
}
