// The tile of a workgroup. Neighbouring workgroups take the same items with other queries, so that items are read from
// memory once, and from the cache by the rest. Past the last, first_item is beyond the items.

struct Place {
  first_query: u32,
  first_item: u32,
}

fn place_of(workgroup: vec3u, workgroups: vec3u) -> Place {
  let number = workgroup.y * workgroups.x + workgroup.x;
  let query_tiles = (shape.vectors.end_query - shape.vectors.first_query + QUERIES - 1u) / QUERIES;
  return Place(shape.vectors.first_query + number % query_tiles * QUERIES, number / query_tiles * ITEMS);
}
