// Counts the digits of one round among the keys that share the bits known before. Sums of integers are the same in
// whatever order they are made. Follows settle.wgsl.

var<workgroup> counts: array<atomic<u32>, DIGITS>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let number = workgroup.y * workgroups.x + workgroup.x;
  if (number >= shape.rows * shape.chunks) {
    return;
  }
  let row = number / shape.chunks;
  let chunk = number % shape.chunks;
  settle(row, chunk, thread);
  for (var i = 0u; i < CHUNK_EACH; i++) {
    let at = chunk * CHUNK + i * THREADS + thread;
    if (at < shape.columns) {
      let key = keys[row * shape.columns + at];
      if ((key & shape.known) == state.x) {
        atomicAdd(&counts[(key >> shape.shift) & (DIGITS - 1u)], 1u);
      }
    }
  }
  workgroupBarrier();
  let histogram = (row * 3u + shape.round) * DIGITS;
  for (var digit = thread; digit < DIGITS; digit += THREADS) {
    let count = atomicLoad(&counts[digit]);
    if (count > 0u) {
      atomicAdd(&histograms[histogram + digit], count);
    }
  }
}
