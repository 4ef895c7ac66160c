// What is done to a product before it is written. Chosen when it runs, by branches that all threads take alike: a variant
// of its own for each would have to be compiled, and these cost nothing beside a product.

fn epilogue(activation: u32, x: f32) -> f32 {
  switch activation {
    case 1u: {
      return gelu(x);
    }
    case 2u: {
      return gelu_by_tanh(x);
    }
    case 3u: {
      return tanh_by_exp(x);
    }
    default: {
      return x;
    }
  }
}

// x · Φ(x) = x · erfc(-x / √2) / 2. The error function is the rational approximation 7.1.26 of Abramowitz and Stegun,
// Handbook of Mathematical Functions, off by 1.5e-7 at most.
fn gelu(x: f32) -> f32 {
  let z = min(abs(x) * 0.70710678, 10.0);
  let t = 1.0 / fma(0.3275911, z, 1.0);
  let series = fma(fma(fma(fma(1.061405429, t, -1.453152027), t, 1.421413741), t, -0.284496736), t, 0.254829592);
  let tail = 0.5 * series * t * exp(-z * z);
  return x * select(tail, 1.0 - tail, x > 0.0);
}

// x · (1 + tanh(√(2/π) · (x + 0.044715 x³))) / 2 = x / (1 + exp(-2 √(2/π) · (x + 0.044715 x³))).
fn gelu_by_tanh(x: f32) -> f32 {
  let inner = 1.5957691216 * x * fma(0.044715 * x, x, 1.0);
  // Beyond 80 the exponential leaves float32, and the quotient is x or nearly 0 long before.
  return x / (1.0 + exp(-clamp(inner, -80.0, 80.0)));
}

// By the exponential of a number that is not positive, which can't overflow: WGSL lets its own tanh be off by 1e-5.
fn tanh_by_exp(x: f32) -> f32 {
  let e = exp(-2.0 * abs(x));
  return sign(x) * ((1.0 - e) / (1.0 + e));
}
