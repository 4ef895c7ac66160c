// Where the products go. Follows vectors.wgsl and epilogue.wgsl.

struct Shape {
  vectors: Vectors,
  // Whether there is a bias, and which activation.
  biased: u32,
  activation: u32,
}
var<immediate> shape: Shape;

@group(0) @binding(4) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;

fn put(row: u32, column: u32, score: f32) {
  var x = score;
  if (shape.biased == 1u) {
    x += bias[column];
  }
  output[row * shape.vectors.items + column] = epilogue(shape.activation, x);
}
