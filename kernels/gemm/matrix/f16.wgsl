// float16, summed in float32.

enable chromium_experimental_subgroup_matrix;
enable f16;

alias Left = subgroup_matrix_left<f16, K, M>;
alias Right = subgroup_matrix_right<f16, N, K>;
alias Result = subgroup_matrix_result<f32, N, M>;

fn sums_of(words: vec4u) -> vec4f {
  return bitcast<vec4f>(words);
}
