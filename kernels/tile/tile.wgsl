// Scores of one tile: QUERIES × 64 dot products, by a workgroup of 64 / ITEMS_EACH × QUERIES / QUERIES_EACH threads.
// Each product is accumulated in the order of its components by fma, as everywhere in kernels/, so that a score has
// the same bits whichever kernel computes it. Needs the constants QUERIES, QUERIES_EACH and ITEMS_EACH.

struct Shape {
  first_query: u32,
  end_query: u32,
  items: u32,
  dims: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> queries: array<f32>;
@group(0) @binding(1) var<storage, read> items: array<f32>;

const ITEMS = 64u;
const DEPTH = 16u;
const THREADS_X = ITEMS / ITEMS_EACH;
const THREADS_Y = QUERIES / QUERIES_EACH;
const THREADS = THREADS_X * THREADS_Y;

// Slices of DEPTH components, components first, so that neighbouring threads read neighbouring words.
var<workgroup> query_slice: array<f32, DEPTH * QUERIES>;
var<workgroup> item_slice: array<f32, DEPTH * ITEMS>;
var<private> scores: array<array<f32, ITEMS_EACH>, QUERIES_EACH>;

// Thread (x, y) scores queries y, y + THREADS_Y, … with items x, x + THREADS_X, … of the tile. Rows past the last
// count as zeros; their scores must not be used.
fn score_tile(first_query: u32, first_item: u32, x: u32, y: u32) {
  let thread = y * THREADS_X + x;
  for (var start = 0u; start < shape.dims; start += DEPTH) {
    let depth = min(DEPTH, shape.dims - start);
    for (var at = thread; at < ITEMS * DEPTH; at += THREADS) {
      let row = first_item + at / DEPTH;
      let component = at % DEPTH;
      var value = 0.0;
      if (row < shape.items && component < depth) {
        value = items[row * shape.dims + start + component];
      }
      item_slice[component * ITEMS + at / DEPTH] = value;
    }
    for (var at = thread; at < QUERIES * DEPTH; at += THREADS) {
      let row = first_query + at / DEPTH;
      let component = at % DEPTH;
      var value = 0.0;
      if (row < shape.end_query && component < depth) {
        value = queries[row * shape.dims + start + component];
      }
      query_slice[component * QUERIES + at / DEPTH] = value;
    }
    workgroupBarrier();
    for (var component = 0u; component < depth; component++) {
      var item: array<f32, ITEMS_EACH>;
      for (var i = 0u; i < ITEMS_EACH; i++) {
        item[i] = item_slice[component * ITEMS + x + i * THREADS_X];
      }
      for (var q = 0u; q < QUERIES_EACH; q++) {
        let query = query_slice[component * QUERIES + y + q * THREADS_Y];
        for (var i = 0u; i < ITEMS_EACH; i++) {
          scores[q][i] = fma(query, item[i], scores[q][i]);
        }
      }
    }
    workgroupBarrier();
  }
}
