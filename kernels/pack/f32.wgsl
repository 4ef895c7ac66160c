// A word of a row: one component.

const PER_WORD = 1u;

fn word_of(row: Row, first: u32) -> u32 {
  return component_of(row, first);
}

fn finish(row: Row, to: u32) {}
