// Scales each row to L2 norm 1, in place. One workgroup a row. Follows norm.wgsl.

struct Shape {
  rows: u32,
  dims: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read_write> vectors: array<u32>;

const THREADS = 64u;
const INFINITY = 0x7f800000u;
const NAN = 0x7fc00000u;

var<workgroup> greatest_of: atomic<u32>;
var<workgroup> sum_of: array<Wide, THREADS>;

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
  let start = row * shape.dims;
  var magnitude = 0u; // Bits of magnitudes compare as the magnitudes do, NaN greatest.
  for (var i = thread; i < shape.dims; i += THREADS) {
    magnitude = max(magnitude, vectors[start + i] & 0x7fffffffu);
  }
  atomicMax(&greatest_of, magnitude);
  workgroupBarrier();
  let greatest = atomicLoad(&greatest_of);
  let exponent = exponent_of(greatest);

  var sum: Wide;
  for (var i = thread; i < shape.dims; i += THREADS) {
    sum = wide_sum(sum, square_of(vectors[start + i], exponent));
  }
  sum_of[thread] = sum;
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) {
      sum_of[thread] = wide_sum(sum_of[thread], sum_of[thread + half]);
    }
  }
  workgroupBarrier();
  if (greatest == 0u) {
    return;
  }
  if (greatest >= INFINITY) {
    for (var i = thread; i < shape.dims; i += THREADS) {
      vectors[start + i] = NAN;
    }
    return;
  }
  let inverse = inverse_norm(sum_of[0]);
  for (var i = thread; i < shape.dims; i += THREADS) {
    vectors[start + i] = normalized(vectors[start + i], exponent, inverse);
  }
}
