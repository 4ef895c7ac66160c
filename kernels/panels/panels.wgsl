// Where the granules of panels lie; layout.ts says the same. A panel is PANEL_ROWS rows, interleaved by granule, so that
// threads of neighbouring rows read neighbouring words.

const PANEL_ROWS = 64u;

// Index of a vec4u. `granules` is that of one row.
fn granule_at(row: u32, granule: u32, granules: u32) -> u32 {
  return (row / PANEL_ROWS * granules + granule) * PANEL_ROWS + row % PANEL_ROWS;
}
