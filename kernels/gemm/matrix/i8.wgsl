// Signed bytes, summed in integers.

enable chromium_experimental_subgroup_matrix;

alias Left = subgroup_matrix_left<i8, K, M>;
alias Right = subgroup_matrix_right<i8, N, K>;
alias Result = subgroup_matrix_result<i32, N, M>;

fn sums_of(words: vec4u) -> vec4f {
  return vec4f(bitcast<vec4i>(words));
}
