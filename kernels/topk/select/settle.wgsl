// What the dispatches of a select over long rows share: many workgroups a row, each of which keeps a chunk of it.
// Three rounds of 11 bits find the k-th greatest key; a histogram's round is settled by whoever needs it next.
// Follows scan.wgsl.

struct Shape {
  rows: u32,
  columns: u32,
  k: u32,
  chunks: u32,
  // From 0. In round 3 all bits are settled.
  round: u32,
  // Where this round's digit starts, and the one of the round before.
  shift: u32,
  shift_before: u32,
  // Mask of the bits that the rounds before settled.
  known: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> keys: array<u32>;
// Three of DIGITS counts for each row.
@group(0) @binding(1) var<storage, read_write> histograms: array<atomic<u32>>;
// Four for each row: the bits of the k-th greatest key that were known before a round, and how many of the keys that
// share them were still to be taken.
@group(0) @binding(2) var<storage, read_write> states: array<vec2u>;

const DIGITS = 2048u;
const DIGITS_EACH = DIGITS / THREADS;
const CHUNK = 2048u;
const CHUNK_EACH = CHUNK / THREADS;

// The state of this row before this round.
var<workgroup> state: vec2u;

fn settle(row: u32, chunk: u32, thread: u32) {
  if (shape.round == 0u) {
    if (thread == 0u) {
      state = vec2u(0u, shape.k);
    }
  } else {
    let last = states[row * 4u + shape.round - 1u];
    let histogram = (row * 3u + shape.round - 1u) * DIGITS;
    // Thread t stands for the t-th greatest DIGITS_EACH digits.
    let greatest = DIGITS - 1u - thread * DIGITS_EACH;
    var own = 0u;
    for (var i = 0u; i < DIGITS_EACH; i++) {
      own += atomicLoad(&histograms[histogram + greatest - i]);
    }
    let before = sum_through(thread, own) - own;
    if (before < last.y && last.y <= before + own) {
      var wanted = last.y - before;
      var digit = greatest;
      var count = atomicLoad(&histograms[histogram + digit]);
      while (count < wanted) {
        wanted -= count;
        digit--;
        count = atomicLoad(&histograms[histogram + digit]);
      }
      state = vec2u(last.x | (digit << shape.shift_before), wanted);
    }
  }
  workgroupBarrier();
  if (chunk == 0u && thread == 0u) {
    states[row * 4u + shape.round] = state;
  }
}
