// A row that is being packed. Follows panels.wgsl, rows.wgsl and norm.wgsl. Needs the constants NORMALIZE and SCALED: whether rows
// are scaled to norm 1, and whether their greatest magnitude is needed.

struct Shape {
  rows: Rows,
  count: u32,
  // Components of a vector given, and of a row kept: the leading ones.
  columns: u32,
  dims: u32,
  granules: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(0) var<storage, read> vectors: array<u32>;
@group(0) @binding(1) var<storage, read_write> panels: array<vec4u>;

struct Row {
  start: u32,
  // Bits of the greatest magnitude: of the vector, and of the components that are packed.
  given: u32,
  greatest: u32,
  inverse: InverseNorm,
}

// The bits of a component to be packed; zero past the last.
fn component_of(row: Row, i: u32) -> u32 {
  if (i >= shape.dims) {
    return 0u;
  }
  let bits = vectors[row.start + i];
  if (NORMALIZE == 0) {
    return bits;
  }
  return normalized_of(row, bits);
}

fn normalized_of(row: Row, bits: u32) -> u32 {
  if (row.given >= 0x7f800000u) {
    return 0x7fc00000u;
  }
  if (row.given == 0u) {
    return bits;
  }
  return normalized(bits, exponent_of(row.given), row.inverse);
}
