// Vectors, row-major, to rows of panels. Eight threads a vector, eight vectors a workgroup: threads side by side read
// neighbouring stretches of a vector, and write granules of neighbouring rows. Follows row.wgsl and a type's word_of.

const LANES = 8u;
const VECTORS = 8u;

var<workgroup> greatest_of: array<u32, LANES * VECTORS>;
var<workgroup> sum_of: array<Wide, LANES * VECTORS>;

@compute @workgroup_size(LANES * VECTORS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let lane = thread % LANES;
  let first_lane = thread - lane;
  let at = (workgroup.y * workgroups.x + workgroup.x) * VECTORS + thread / LANES;
  let exists = at < shape.count;
  let dims = select(0u, shape.dims, exists);
  var row: Row;
  row.start = at * shape.columns;

  if (SCALED == 1) {
    for (var i = lane; i < dims; i += LANES) {
      row.given = max(row.given, vectors[row.start + i] & 0x7fffffffu);
    }
    greatest_of[thread] = row.given;
    workgroupBarrier();
    for (var other = 0u; other < LANES; other++) {
      row.given = max(row.given, greatest_of[first_lane + other]);
    }
    row.greatest = row.given;
  }
  if (NORMALIZE == 1) {
    let exponent = exponent_of(row.given);
    var sum: Wide;
    for (var i = lane; i < dims; i += LANES) {
      sum = wide_sum(sum, square_of(vectors[row.start + i], exponent));
    }
    sum_of[thread] = sum;
    workgroupBarrier();
    sum = Wide();
    for (var other = 0u; other < LANES; other++) {
      sum = wide_sum(sum, sum_of[first_lane + other]);
    }
    if (row.given > 0u && row.given < 0x7f800000u) {
      row.inverse = inverse_norm(sum);
      // Rounding keeps order, so the greatest stays the greatest.
      row.greatest = normalized_of(row, row.given);
    }
  }

  if (!exists) {
    return;
  }
  let to = row_of(shape.rows, at);
  if (to >= shape.rows.end) {
    return;
  }
  for (var granule = lane; granule < shape.granules; granule += LANES) {
    var words: vec4u;
    for (var word = 0u; word < 4u; word++) {
      words[word] = word_of(row, (granule * 4u + word) * PER_WORD);
    }
    panels[granule_at(to, granule, shape.granules)] = words;
  }
  if (lane == 0u) {
    finish(row, to);
  }
}
