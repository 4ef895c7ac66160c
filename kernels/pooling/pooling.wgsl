// One vector from the states of a sequence's tokens. A workgroup takes 32 components of one sequence; eight slices of
// threads share its tokens, and the sums of the slices are added in their order: the same bits on every run. Follows a
// type's state_of. Needs the constant KIND: 0 for the mean, 1 for the first token, 2 for the last.

struct Shape {
  sequences: u32,
  tokens: u32,
  dims: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> states: array<u32>;
@group(0) @binding(1) var<storage, read> mask: array<u32>;
@group(0) @binding(2) var<storage, read_write> vectors: array<u32>;

const COMPONENTS = 32u;
const SLICES = 8u;

var<workgroup> sum_of: array<f32, COMPONENTS * SLICES>;
// Of a slice: how many tokens there are, or one more than the number of its last one, or of its first (0 for none).
var<workgroup> found_of: array<u32, SLICES>;

@compute @workgroup_size(COMPONENTS, SLICES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let groups = (shape.dims + COMPONENTS - 1u) / COMPONENTS;
  let number = workgroup.y * workgroups.x + workgroup.x;
  let sequence = number / groups;
  if (sequence >= shape.sequences) {
    return;
  }
  let component = number % groups * COMPONENTS + local.x;
  let first_token = sequence * shape.tokens;
  var sum = 0.0;
  var found = 0u;
  for (var token = local.y; token < shape.tokens; token += SLICES) {
    // What is masked is not read: it may be anything, NaN too.
    if (mask[first_token + token] == 0u) {
      continue;
    }
    if (KIND == 0) {
      found++;
      if (component < shape.dims) {
        sum += bitcast<f32>(state_of((first_token + token) * shape.dims + component));
      }
    } else if (KIND == 2 || found == 0u) {
      found = token + 1u;
    }
  }
  sum_of[local.y * COMPONENTS + local.x] = sum;
  if (local.x == 0u) {
    found_of[local.y] = found;
  }
  workgroupBarrier();
  if (local.y > 0u || component >= shape.dims) {
    return;
  }
  found = 0u;
  for (var slice = 0u; slice < SLICES; slice++) {
    let other = found_of[slice];
    if (KIND == 0) {
      found += other;
    } else if (other > 0u && (found == 0u || (other > found) == (KIND == 2))) {
      found = other;
    }
  }
  var bits = 0u;
  if (found > 0u) {
    if (KIND == 0) {
      for (var slice = 1u; slice < SLICES; slice++) {
        sum += sum_of[slice * COMPONENTS + local.x];
      }
      bits = bitcast<u32>(sum * reciprocal(found));
    } else {
      bits = state_of((first_token + found - 1u) * shape.dims + component);
    }
  }
  vectors[sequence * shape.dims + component] = bits;
}

// 1 / count to nearest, by long division, since WGSL leaves the last bits of a quotient of floats to the device.
fn reciprocal(count: u32) -> f32 {
  let length = 32u - countLeadingZeros(count);
  var rest = 1u << (length - 1u);
  var quotient = 0u;
  for (var bit = 0u; bit < 26u; bit++) {
    let fits = rest >= count;
    rest = (rest - select(0u, count, fits)) << 1u;
    quotient = (quotient << 1u) | u32(fits);
  }
  // 2^(length + 24) / count; only a power of two has no rest, and then nothing is rounded.
  return f32((quotient + 1u) >> 1u) * bitcast<f32>((127u - 23u - length) << 23u);
}
