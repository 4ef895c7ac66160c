/** The functions that are mapped, for both sides of the comparison. */

/** Components of one vector, as of a small text encoder. */
export const WIDTH = 384;

/** One vector for each value; which one, its first component tells. */
export function rows(values: readonly number[]): Float32Array<ArrayBuffer> {
  const data = new Float32Array(values.length * WIDTH).fill(0.0519);
  for (const [row, value] of values.entries()) data[row * WIDTH] = value;
  return data;
}

/** The vector of one value. */
export function vectorOf(value: number): Float32Array {
  const row = new Float32Array(WIDTH).fill(0.0519);
  row[0] = value;
  return row;
}

/** Throws unless output `index` is that of input `index`: an answer in the wrong order is not timed as one. */
export function checkOutput(index: number, output: unknown): void {
  const value = typeof output === 'number' ? output : (output as ArrayLike<number>)[0];
  if (value !== index) throw new Error(`Expected output ${index} in its place, got ${String(value)}.`);
}
