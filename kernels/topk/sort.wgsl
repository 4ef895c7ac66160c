// Puts the selected candidates of each query in order, in blocks that fit into workgroup memory: in runs of one candidate
// a thread each counts those before it, and then those of the other runs by binary search. Candidates ascend by
// position, so of equal keys the one that stands first comes first. Writes rows and scores; places without an item are
// marked. One workgroup of THREADS a block of BLOCK. Follows
// order-key.wgsl.

struct Shape {
  queries: u32,
  // Candidates and blocks of each query.
  count: u32,
  blocks: u32,
  // Position p stands for row origins[p / each] * each + p % each.
  each: u32,
  origins: u32,
  // Of the answers: the query that they start with, and the places of each.
  first_query: u32,
  places: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read> positions: array<u32>;
@group(0) @binding(2) var<storage, read> origins: array<u32>;
@group(0) @binding(3) var<storage, read_write> best_rows: array<u32>;
@group(0) @binding(4) var<storage, read_write> best_scores: array<u32>;

// Keys of the runs, and where in the block they stood before.
var<workgroup> run_keys: array<u32, BLOCK>;
var<workgroup> run_origins: array<u32, BLOCK>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let number = workgroup.y * workgroups.x + workgroup.x;
  if (number >= shape.queries * shape.blocks) {
    return;
  }
  let query = number / shape.blocks;
  let first = number % shape.blocks * BLOCK;
  let start = query * shape.count + first;
  let length = min(BLOCK, max(shape.count, first) - first);
  for (var at = thread; at < length; at += THREADS) {
    run_keys[at] = keys[start + at];
  }
  workgroupBarrier();
  for (var run = 0u; run < length; run += THREADS) {
    let end = min(length, run + THREADS);
    let own = run + thread;
    var key = NO_ITEM;
    var rank = run;
    if (own < end) {
      key = run_keys[own];
      for (var other = run; other < own; other++) {
        rank += u32(run_keys[other] >= key);
      }
      for (var other = own + 1u; other < end; other++) {
        rank += u32(run_keys[other] > key);
      }
    }
    workgroupBarrier();
    if (own < end) {
      run_keys[rank] = key;
      run_origins[rank] = own;
    }
  }
  workgroupBarrier();

  let to = (shape.first_query + query) * shape.places + first;
  let places = min(BLOCK, shape.places - first);
  for (var own = thread; own < length; own += THREADS) {
    let key = run_keys[own];
    let own_run = own / THREADS * THREADS;
    var rank = own - own_run;
    for (var run = 0u; run < length; run += THREADS) {
      if (run == own_run) {
        continue;
      }
      // Of equal keys those of the earlier run come first.
      let least = key + u32(run > own_run);
      var low = run;
      var high = min(length, run + THREADS);
      while (low < high) {
        let middle = (low + high) / 2u;
        if (run_keys[middle] >= least) {
          low = middle + 1u;
        } else {
          high = middle;
        }
      }
      rank += low - run;
    }
    if (rank < places) {
      var row = NO_ROW;
      if (key != NO_ITEM) {
        let position = positions[start + run_origins[own]];
        row = origins[query * shape.origins + position / shape.each] * shape.each + position % shape.each;
      }
      best_rows[to + rank] = row;
      best_scores[to + rank] = score_bits(key);
    }
  }
  for (var place = length + thread; place < places; place += THREADS) {
    best_rows[to + place] = NO_ROW;
    best_scores[to + place] = score_bits(NO_ITEM);
  }
}
