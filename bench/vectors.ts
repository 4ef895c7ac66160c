/** Whether two subjects give the same answer; only then is it fair to ask which is faster. */

/** The smallest cosine between rows of the same position. Both hold rows of `dims` components. */
export function leastCosine(a: Float32Array, b: Float32Array, dims: number): number {
  if (a.length !== b.length) throw new Error(`Expected as many components of both, got ${a.length} and ${b.length}.`);
  let least = 1;
  for (let from = 0; from < a.length; from += dims) {
    let dot = 0;
    let squaresA = 0;
    let squaresB = 0;
    for (let at = from; at < from + dims; at++) {
      const [x = 0, y = 0] = [a[at], b[at]];
      dot += x * y;
      squaresA += x * x;
      squaresB += y * y;
    }
    least = Math.min(least, dot / Math.sqrt(squaresA * squaresB));
  }
  return least;
}
