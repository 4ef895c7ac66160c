// The rows of panels that a call is about: those listed, or side by side. rows.ts lays out the fields.

struct Rows {
  // Rows from here up are not there.
  end: u32,
  first: u32,
  listed: u32,
}

@group(0) @binding(2) var<storage, read> row_numbers: array<u32>;

fn row_of(rows: Rows, at: u32) -> u32 {
  if (rows.listed == 1u) {
    return row_numbers[at];
  }
  return rows.first + at;
}
