// A word of a row: 32 bits, the first the lowest. A bit is whether the component is above zero; NaN is not.

const PER_WORD = 32u;

fn word_of(row: Row, first: u32) -> u32 {
  var word = 0u;
  for (var i = 0u; i < PER_WORD; i++) {
    let bits = component_of(row, first + i);
    word |= u32(bits > 0u && bits <= 0x7f800000u) << i;
  }
  return word;
}

fn finish(row: Row, to: u32) {}
