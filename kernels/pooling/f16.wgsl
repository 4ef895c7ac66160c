// The bits of an element of the states, two to a word, as a float. Follows half.wgsl.
fn state_of(at: u32) -> u32 {
  return float_of_half((states[at / 2u] >> (16u * (at % 2u))) & 0xffffu);
}
