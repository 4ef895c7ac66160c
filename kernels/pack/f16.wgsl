// A word of a row: two halves, the first in the low bits. Follows half.wgsl.

const PER_WORD = 2u;

fn word_of(row: Row, first: u32) -> u32 {
  var word = 0u;
  for (var i = 0u; i < PER_WORD; i++) {
    word |= half_of(component_of(row, first + i)) << (16u * i);
  }
  return word;
}

fn finish(row: Row, to: u32) {}
