/** Scales each row to L2 norm 1 in place; a zero row stays zero. */
export function normalizeRows(data: Float32Array, dims: number): void {
  for (let start = 0; start < data.length; start += dims) {
    let square = 0;
    for (let i = start; i < start + dims; i++) square += (data[i] ?? 0) ** 2;
    if (square === 0) continue;
    const scale = 1 / Math.sqrt(square);
    for (let i = start; i < start + dims; i++) data[i] = (data[i] ?? 0) * scale;
  }
}
