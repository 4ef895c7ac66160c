// float16: a granule is two parts of 4 components, widened to float32.

alias Part = vec4f;
const PARTS = 2u;

fn part(granule: vec4u, index: u32) -> Part {
  let words = select(granule.xy, granule.zw, index == 1u);
  return vec4f(unpack2x16float(words.x), unpack2x16float(words.y));
}
