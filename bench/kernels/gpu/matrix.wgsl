enable f16;
enable chromium_experimental_subgroup_matrix;
// Nothing but products of subgroup matrices: four results a subgroup that don't wait for each other. Needs the constants
// M, N, K, THREADS and ITERATIONS.

alias Left = subgroup_matrix_left<f16, K, M>;
alias Right = subgroup_matrix_right<f16, N, K>;
alias Result = subgroup_matrix_result<f32, N, M>;

@group(0) @binding(0) var<storage, read_write> sources: array<f16>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u) {
  let left = subgroupMatrixLoad<Left, row_major>(&sources, 0u, u32(K));
  let right = subgroupMatrixLoad<Right, row_major>(&sources, 0u, u32(N));
  var a: Result;
  var b: Result;
  var c: Result;
  var d: Result;
  for (var i = 0u; i < ITERATIONS; i++) {
    a = subgroupMatrixMultiplyAccumulate(left, right, a);
    b = subgroupMatrixMultiplyAccumulate(left, right, b);
    c = subgroupMatrixMultiplyAccumulate(left, right, c);
    d = subgroupMatrixMultiplyAccumulate(left, right, d);
  }
  let each = u32(M * N);
  let at = workgroup.x * 4u * each;
  subgroupMatrixStore<row_major>(&output, at, a, u32(N));
  subgroupMatrixStore<row_major>(&output, at + each, b, u32(N));
  subgroupMatrixStore<row_major>(&output, at + 2u * each, c, u32(N));
  subgroupMatrixStore<row_major>(&output, at + 3u * each, d, u32(N));
}
