// Dot products of QUERIES × ITEMS pairs by subgroup matrices of M × N × K. DEPTH granules of all rows at a time go
// through workgroup memory, the next being read from memory meanwhile; each subgroup has EACH_M × EACH_N matrices of sums
// in registers. Follows vectors.wgsl, a unit and an element. Needs these constants, SUBGROUP (threads) and STEP (units
// that a matrix is deep), and a file with
//   fn take(query: u32, item: u32, sums: vec4f)
// which is given the sums of a query and four items from `item` on, without scales, by one thread; past the last row too.

const STRIP = EACH_N * N;
const SUBGROUPS_X = ITEMS / STRIP;
const SUBGROUPS = SUBGROUPS_X * (QUERIES / (EACH_M * M));
const THREADS = SUBGROUPS * SUBGROUP;
const ROWS = QUERIES + ITEMS;
const LOADS = (ROWS * DEPTH + THREADS - 1u) / THREADS;
// Units from one row to the next: one granule more than there are, so that rows lie in different banks.
const PITCH = (DEPTH + 1u) * UNITS;
const STRIP_PITCH = STRIP / 4u * UNITS;
const STAGED = max(ROWS * PITCH, SUBGROUPS * M * STRIP_PITCH);

var<workgroup> staged: array<Unit, STAGED>;

fn multiply(first_query: u32, first_item: u32, thread: u32, subgroup: u32, lane: u32) {
  let granules = shape.vectors.granules;
  let first_row = subgroup / SUBGROUPS_X * EACH_M * M;
  let first_column = subgroup % SUBGROUPS_X * STRIP;
  var sums: array<array<Result, EACH_N>, EACH_M>;
  var next: array<vec4u, LOADS>;
  for (var l = 0u; l < LOADS; l++) {
    next[l] = granule_of(first_query, first_item, thread + l * THREADS, 0u);
  }
  for (var start = 0u; start < granules; start += DEPTH) {
    for (var l = 0u; l < LOADS; l++) {
      let n = thread + l * THREADS;
      if (n < ROWS * DEPTH) {
        for (var i = 0u; i < UNITS; i++) {
          staged[n % ROWS * PITCH + n / ROWS * UNITS + i] = unit(next[l], i);
        }
      }
    }
    workgroupBarrier();
    if (start + DEPTH < granules) {
      for (var l = 0u; l < LOADS; l++) {
        next[l] = granule_of(first_query, first_item, thread + l * THREADS, start + DEPTH);
      }
    }
    for (var at = 0u; at < DEPTH * UNITS; at += STEP) {
      var left: array<Left, EACH_M>;
      for (var m = 0u; m < EACH_M; m++) {
        left[m] = subgroupMatrixLoad<Left, row_major>(&staged, (first_row + m * M) * PITCH + at, PITCH);
      }
      for (var n = 0u; n < EACH_N; n++) {
        let column = QUERIES + first_column + n * N;
        let right = subgroupMatrixLoad<Right, col_major>(&staged, column * PITCH + at, PITCH);
        for (var m = 0u; m < EACH_M; m++) {
          sums[m][n] = subgroupMatrixMultiplyAccumulate(left[m], right, sums[m][n]);
        }
      }
    }
    workgroupBarrier();
  }
  // Matrices are opaque: sums leave them by way of memory, M rows of the subgroup at a time.
  let own = subgroup * M * STRIP_PITCH;
  for (var m = 0u; m < EACH_M; m++) {
    for (var n = 0u; n < EACH_N; n++) {
      subgroupMatrixStore<row_major>(&staged, own + n * N / 4u * UNITS, sums[m][n], STRIP_PITCH);
    }
    workgroupBarrier();
    for (var quad = lane; quad < M * STRIP / 4u; quad += SUBGROUP) {
      let query = first_query + first_row + m * M + quad / (STRIP / 4u);
      let item = first_item + first_column + quad % (STRIP / 4u) * 4u;
      take(query, item, sums_of(stored(own + quad * UNITS)));
    }
    workgroupBarrier();
  }
}

// Granule n / ROWS of a slice, of query or item n % ROWS: neighbouring threads read neighbouring rows. Zeros past the
// last granule; past the last row, that of the last.
fn granule_of(first_query: u32, first_item: u32, n: u32, start: u32) -> vec4u {
  let granules = shape.vectors.granules;
  let granule = start + n / ROWS;
  let row = n % ROWS;
  if (granule >= granules) {
    return vec4u();
  }
  if (row < QUERIES) {
    return query_granules[granule_at(min(first_query + row, shape.vectors.end_query - 1u), granule, granules)];
  }
  return item_granules[granule_at(min(first_item + row - QUERIES, shape.vectors.items - 1u), granule, granules)];
}
