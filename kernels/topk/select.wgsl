// Of each row of keys the k greatest, equal keys by position; their positions and keys, in ascending order of position.
// A radix select: four histograms of eight bits each find the k-th greatest key and how many equal to it are taken.
// One workgroup a row.

struct Shape {
  rows: u32,
  columns: u32,
  k: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read_write> positions: array<u32>;
@group(0) @binding(2) var<storage, read_write> selected: array<u32>;

const THREADS = 256u;

var<workgroup> histogram: array<atomic<u32>, 256>;
var<workgroup> greater_of: array<u32, THREADS>;
var<workgroup> equal_of: array<u32, THREADS>;
// The bits of the threshold found so far, and how many of the keys that share them are still to be taken.
var<workgroup> threshold: u32;
var<workgroup> wanted: u32;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = workgroup.y * workgroups.x + workgroup.x;
  if (row >= shape.rows) {
    return;
  }
  let start = row * shape.columns;
  if (thread == 0u) {
    wanted = shape.k;
  }

  var known = 0u; // Mask of the bits that the earlier rounds settled.
  for (var shift = 24i; shift >= 0; shift -= 8) {
    atomicStore(&histogram[thread], 0u);
    workgroupBarrier();
    let prefix = threshold;
    for (var at = thread; at < shape.columns; at += THREADS) {
      let key = keys[start + at];
      if ((key & known) == prefix) {
        atomicAdd(&histogram[(key >> u32(shift)) & 255u], 1u);
      }
    }
    workgroupBarrier();
    if (thread == 0u) {
      var digit = 255u;
      for (; digit > 0u; digit--) {
        let count = atomicLoad(&histogram[digit]);
        if (count >= wanted) {
          break;
        }
        wanted -= count;
      }
      threshold = prefix | (digit << u32(shift));
    }
    known |= 255u << u32(shift);
    workgroupBarrier();
  }

  // Each thread keeps a stretch of the row, so that positions come out ascending.
  let stretch = (shape.columns + THREADS - 1u) / THREADS;
  let begin = min(thread * stretch, shape.columns);
  let end = min(begin + stretch, shape.columns);
  var greater = 0u;
  var equal = 0u;
  for (var at = begin; at < end; at++) {
    let key = keys[start + at];
    greater += u32(key > threshold);
    equal += u32(key == threshold);
  }
  greater_of[thread] = greater;
  equal_of[thread] = equal;
  workgroupBarrier();
  greater = 0u;
  equal = 0u;
  for (var before = 0u; before < thread; before++) {
    greater += greater_of[before];
    equal += equal_of[before];
  }
  for (var at = begin; at < end; at++) {
    let key = keys[start + at];
    if (key > threshold || (key == threshold && equal < wanted)) {
      let to = row * shape.k + greater + min(equal, wanted);
      positions[to] = at;
      selected[to] = key;
    }
    greater += u32(key > threshold);
    equal += u32(key == threshold);
  }
}
