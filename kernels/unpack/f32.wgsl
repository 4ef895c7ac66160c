const PER_WORD = 1u;

fn float_of(word: u32, part: u32, row: u32) -> u32 {
  return word;
}
