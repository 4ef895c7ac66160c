// What subgroup matrices are loaded from workgroup memory by: whole granules, where a matrix is as deep as one or more.

alias Unit = vec4u;
// Of a granule.
const UNITS = 1u;

fn unit(granule: vec4u, index: u32) -> Unit {
  return granule;
}

// Four sums of 32 bits that a matrix was stored as, at a unit.
fn stored(at: u32) -> vec4u {
  return staged[at];
}
