// How many keys of each chunk are greater than the k-th greatest, and how many equal. Follows settle.wgsl.

// Greater ones in the lower half of the bits, equal ones in the upper.
@group(0) @binding(3) var<storage, read_write> counts: array<u32>;

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
  let threshold = state.x;
  var own = 0u;
  for (var i = 0u; i < CHUNK_EACH; i++) {
    let at = chunk * CHUNK + i * THREADS + thread;
    if (at < shape.columns) {
      let key = keys[row * shape.columns + at];
      own += u32(key > threshold) + (u32(key == threshold) << 16u);
    }
  }
  let through = sum_through(thread, own);
  if (thread == THREADS - 1u) {
    counts[number] = through;
  }
}
