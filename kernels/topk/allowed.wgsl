// Which rows may be answered: bit r % 32 of word r / 32, over all segments. `shape.masked` is the number of words; 0: all
// rows may be.

const BIN = 64u;

@group(0) @binding(4) var<storage, read> allowed: array<u32>;

fn any_allowed(bin: u32) -> bool {
  return shape.masked == 0u || (allowed[2u * bin] | allowed[min(2u * bin + 1u, shape.masked - 1u)]) != 0u;
}

// Whether item `at` of a bin may be answered; it must be there.
fn allows(bin: u32, at: u32) -> bool {
  return shape.masked == 0u || ((allowed[2u * bin + at / 32u] >> (at % 32u)) & 1u) != 0u;
}
