// Follows half.wgsl.

const PER_WORD = 2u;

fn float_of(word: u32, part: u32, row: u32) -> u32 {
  return float_of_half((word >> (16u * part)) & 0xffffu);
}
