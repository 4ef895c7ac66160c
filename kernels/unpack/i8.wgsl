@group(0) @binding(3) var<storage, read> scales: array<f32>;

const PER_WORD = 4u;

// One product: rounded once, as on the host.
fn float_of(word: u32, part: u32, row: u32) -> u32 {
  return bitcast<u32>(f32(extractBits(i32(word), 8u * part, 8u)) * scales[row]);
}
