// Keys that compare as unsigned integers the way scores are ordered: descending, -0 equal to 0, NaN last. Integer tests
// alone, since WGSL lets a compiler assume that NaN and infinities don't occur.

// Below every score, NaN too: what stands where there is no item.
const NO_ITEM = 0u;
const NAN_KEY = 1u;
// The row that is answered where there is no item.
const NO_ROW = 0xffffffffu;

fn order_key(score: f32) -> u32 {
  return order_key_of_bits(bitcast<u32>(score));
}

fn order_key_of_bits(bits: u32) -> u32 {
  let magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) {
    return NAN_KEY;
  }
  if (magnitude == 0u || bits == magnitude) {
    return magnitude | 0x80000000u;
  }
  return ~bits;
}

// The bits of the score that a key stands for: 0 for either zero, one NaN for all of them and for no item.
fn score_bits(key: u32) -> u32 {
  if (key <= NAN_KEY) {
    return 0x7fc00000u;
  }
  return select(~key, key & 0x7fffffffu, key >= 0x80000000u);
}
