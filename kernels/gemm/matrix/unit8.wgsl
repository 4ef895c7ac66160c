// What subgroup matrices are loaded from workgroup memory by: half granules, where a matrix is as deep as one.

alias Unit = vec2u;
// Of a granule.
const UNITS = 2u;

fn unit(granule: vec4u, index: u32) -> Unit {
  return select(granule.xy, granule.zw, index == 1u);
}

// Four sums of 32 bits that a matrix was stored as, at a unit.
fn stored(at: u32) -> vec4u {
  return vec4u(staged[at], staged[at + 1u]);
}
