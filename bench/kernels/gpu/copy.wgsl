// output = source, 16 bytes a thread.

struct Shape {
  count: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> source: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> output: array<vec4u>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = (workgroup.y * workgroups.x + workgroup.x) * 256u + thread;
  if (at < shape.count) {
    output[at] = source[at];
  }
}
