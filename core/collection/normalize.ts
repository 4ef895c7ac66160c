/** Each row scaled to L2 norm 1, in new memory; a zero row stays zero. */
export function normalizedRows(rows: Float32Array, dims: number): Float32Array<ArrayBuffer> {
  const data = new Float32Array(rows);
  for (let start = 0; start < data.length; start += dims) {
    let square = 0;
    for (let i = start; i < start + dims; i++) square += (data[i] ?? 0) ** 2;
    if (square === 0) continue;
    const scale = 1 / Math.sqrt(square);
    for (let i = start; i < start + dims; i++) data[i] = (data[i] ?? 0) * scale;
  }
  return data;
}
