// Signed bytes and bits: a granule is one part, of 16 or 128 components.

alias Part = vec4u;
const PARTS = 1u;

fn part(granule: vec4u, index: u32) -> Part {
  return granule;
}
