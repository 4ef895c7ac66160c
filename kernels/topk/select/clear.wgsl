struct Shape {
  words: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read_write> memory: array<u32>;

const EACH = 2048u;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let first = (workgroup.y * workgroups.x + workgroup.x) * EACH;
  let end = min(first + EACH, max(shape.words, first));
  for (var at = first + thread; at < end; at += 256u) {
    memory[at] = 0u;
  }
}
