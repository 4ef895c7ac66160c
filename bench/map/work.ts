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
  if (typeof output === 'number') {
    if (output !== index) throw new Error(`Expected output ${index} in its place, got ${output}.`);
    return;
  }
  const { length, 0: first } = output as ArrayLike<number>;
  if (first !== index) throw new Error(`Expected output ${index} in its place, got ${String(first)}.`);
  if (length !== WIDTH) throw new Error(`Expected ${WIDTH} numbers as output ${index}, got ${length}.`);
}

/** Throws unless these are the outputs of 0 to `count` − 1. */
export async function checkOutputs(outputs: AsyncIterable<unknown>, count: number): Promise<void> {
  let index = 0;
  for await (const output of outputs) checkOutput(index++, output);
  checkCount(index, count);
}

export function checkCount(taken: number, count: number): void {
  if (taken !== count) throw new Error(`Expected ${count} outputs, got ${taken}.`);
}
