// float32: a granule is one part of 4 components.

alias Part = vec4f;
const PARTS = 1u;

fn part(granule: vec4u, index: u32) -> Part {
  return bitcast<vec4f>(granule);
}
