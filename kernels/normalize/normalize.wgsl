// Scales each row to L2 norm 1, in place. One workgroup a row. The greatest magnitude is divided out first, so that
// squares neither overflow nor vanish. A zero row stays zero; one with NaN or an infinity becomes all NaN.

struct Shape {
  rows: u32,
  dims: u32,
  nan: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read_write> vectors: array<u32>;

const THREADS = 64u;
const INFINITY = 0x7f800000u;

var<workgroup> greatest: atomic<u32>;
var<workgroup> sums: array<f32, THREADS>;

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
  atomicMax(&greatest, magnitude);
  workgroupBarrier();
  let bits = atomicLoad(&greatest);
  // A power of two, since that scales exactly.
  let exponent = clamp(i32(bits >> 23u) - 127, -126, 126);
  let scale = bitcast<f32>(u32(127 - exponent) << 23u);

  var sum = 0.0;
  for (var i = thread; i < shape.dims; i += THREADS) {
    let value = bitcast<f32>(vectors[start + i]) * scale;
    sum = fma(value, value, sum);
  }
  sums[thread] = sum;
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) {
      sums[thread] += sums[thread + half];
    }
  }
  workgroupBarrier();
  let norm = sqrt(sums[0]);
  for (var i = thread; i < shape.dims; i += THREADS) {
    if (bits >= INFINITY) {
      vectors[start + i] = shape.nan;
    } else if (norm > 0.0) {
      vectors[start + i] = bitcast<u32>(bitcast<f32>(vectors[start + i]) * scale / norm);
    }
  }
}
