const PER_WORD = 32u;

fn float_of(word: u32, part: u32, row: u32) -> u32 {
  // 1 and -1.
  return select(0xbf800000u, 0x3f800000u, ((word >> part) & 1u) == 1u);
}
