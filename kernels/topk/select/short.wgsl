// Of each row of keys the k greatest, equal keys by position; their positions and keys, in ascending order of position.
// A radix select: four histograms of eight bits each find the k-th greatest key and how many equal to it are taken.
// One workgroup a row, of at most 65,535 keys. Follows scan.wgsl.

struct Shape {
  rows: u32,
  columns: u32,
  k: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read_write> positions: array<u32>;
@group(0) @binding(2) var<storage, read_write> selected: array<u32>;

const DIGITS = 256u;
const DIGITS_EACH = DIGITS / THREADS;

var<workgroup> histogram: array<atomic<u32>, DIGITS>;
// The bits of the k-th greatest key found so far, and how many of the keys that share them are still to be taken.
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
    for (var digit = thread; digit < DIGITS; digit += THREADS) {
      atomicStore(&histogram[digit], 0u);
    }
    workgroupBarrier();
    let prefix = threshold;
    let still = wanted;
    for (var at = thread; at < shape.columns; at += THREADS) {
      let key = keys[start + at];
      if ((key & known) == prefix) {
        atomicAdd(&histogram[(key >> u32(shift)) & (DIGITS - 1u)], 1u);
      }
    }
    workgroupBarrier();
    // Thread t stands for the t-th greatest DIGITS_EACH digits.
    var digit = DIGITS - 1u - thread * DIGITS_EACH;
    var own = 0u;
    for (var i = 0u; i < DIGITS_EACH; i++) {
      own += atomicLoad(&histogram[digit - i]);
    }
    let before = sum_through(thread, own) - own;
    if (before < still && still <= before + own) {
      var rest = still - before;
      var count = atomicLoad(&histogram[digit]);
      while (count < rest) {
        rest -= count;
        digit--;
        count = atomicLoad(&histogram[digit]);
      }
      threshold = prefix | (digit << u32(shift));
      wanted = rest;
    }
    known |= 255u << u32(shift);
    workgroupBarrier();
  }

  // Each thread keeps a stretch of the row, so that positions come out ascending.
  let stretch = (shape.columns + THREADS - 1u) / THREADS;
  let begin = min(thread * stretch, shape.columns);
  let end = min(begin + stretch, shape.columns);
  var own = 0u; // Greater ones in the lower half of the bits, equal ones in the upper.
  for (var at = begin; at < end; at++) {
    let key = keys[start + at];
    own += u32(key > threshold) + (u32(key == threshold) << 16u);
  }
  let before = sum_through(thread, own) - own;
  var greater = before & 0xffffu;
  var equal = before >> 16u;
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
