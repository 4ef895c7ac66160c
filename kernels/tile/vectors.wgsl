// Queries and items as panels, and their scales: bindings 0 to 3 of every kernel that scores. Follows panels.wgsl and the
// files of a type and a metric. The kernel declares `var<immediate> shape`, a struct with `vectors: Vectors` first.

struct Vectors {
  // Queries that take part: from the first up to the end, without it.
  first_query: u32,
  end_query: u32,
  items: u32,
  // Of one row.
  granules: u32,
  // Bit 0: the queries have scales; bit 1: the items have. Without, the bindings hold something else.
  scaled: u32,
}

@group(0) @binding(0) var<storage, read> query_granules: array<vec4u>;
@group(0) @binding(1) var<storage, read> item_granules: array<vec4u>;
@group(0) @binding(2) var<storage, read> query_scales: array<f32>;
@group(0) @binding(3) var<storage, read> item_scales: array<f32>;

fn query_scale(row: u32) -> f32 {
  if ((shape.vectors.scaled & 1u) == 0u) {
    return 1.0;
  }
  return query_scales[row];
}

fn item_scale(row: u32) -> f32 {
  if ((shape.vectors.scaled & 2u) == 0u) {
    return 1.0;
  }
  return item_scales[row];
}
