// A word of a row: four signed bytes, the first in the low bits. Follows quantize.wgsl.

@group(0) @binding(3) var<storage, read_write> scales: array<u32>;

const PER_WORD = 4u;

fn word_of(row: Row, first: u32) -> u32 {
  var word = 0u;
  for (var i = 0u; i < PER_WORD; i++) {
    word |= quantized(component_of(row, first + i), row.greatest) << (8u * i);
  }
  return word;
}

fn finish(row: Row, to: u32) {
  scales[to] = scale_of(row.greatest);
}
