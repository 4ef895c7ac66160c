// A word of a row: two halves, the first in the low bits. Follows half.wgsl.

const PER_WORD = 2u;

fn word_of(row: Row, first: u32) -> u32 {
  return half_of(component_of(row, first)) | (half_of(component_of(row, first + 1u)) << 16u);
}

fn finish(row: Row, to: u32) {}
