// Float32 throughout: nothing is rounded to bytes or cut off at 0 and 255.

alias Sum = vec3f;
alias Middle = vec4f;

const BEGIN = vec3f(0.0);

fn weigh(sum: Sum, pixel: vec3u, weight: u32) -> Sum {
  return fma(vec3f(pixel), vec3f(bitcast<f32>(weight)), sum);
}

fn weigh_middle(sum: Sum, middle: Middle, weight: u32) -> Sum {
  return fma(middle.xyz, vec3f(bitcast<f32>(weight)), sum);
}

fn middle_of(sum: Sum) -> Middle {
  return vec4f(sum, 0.0);
}

fn value_of(sum: Sum) -> vec3f {
  return sum;
}
