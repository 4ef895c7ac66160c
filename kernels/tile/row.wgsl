// The score of one query and one item, by one thread. Follows vectors.wgsl.

fn score_row(query: u32, item: u32) -> f32 {
  let granules = shape.vectors.granules;
  var query_at = granule_at(query, 0u, granules);
  var item_at = granule_at(item, 0u, granules);
  var sum: Sum;
  var query_own = 0;
  var item_own = 0;
  for (var g = 0u; g < granules; g++) {
    let query_granule = query_granules[query_at];
    let item_granule = item_granules[item_at];
    for (var p = 0u; p < PARTS; p++) {
      let query_part = part(query_granule, p);
      let item_part = part(item_granule, p);
      query_own = accumulate_own(query_own, query_part);
      item_own = accumulate_own(item_own, item_part);
      sum = accumulate(sum, query_part, item_part);
    }
    query_at += PANEL_ROWS;
    item_at += PANEL_ROWS;
  }
  return finish(sum, query_own, item_own, query_scale(query), item_scale(item));
}
