// Keys that compare as unsigned integers the way scores are ordered: descending, -0 equal to 0, NaN last. Integer tests
// alone, since WGSL lets a compiler assume that NaN and infinities don't occur.

// Below every score, NaN too: what stands where there is no item.
const NO_ITEM = 0u;
const NAN_KEY = 1u;

fn order_key(score: f32) -> u32 {
  let bits = bitcast<u32>(score);
  let magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) {
    return NAN_KEY;
  }
  if (magnitude == 0u || bits == magnitude) {
    return magnitude | 0x80000000u;
  }
  return ~bits;
}
