/** Deterministic vectors for tests of kernels. */

/** Mulberry32: numbers in [0, 1) that depend on the seed alone. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Reals in [-1, 1). */
export function reals(seed: number, length: number): Float32Array<ArrayBuffer> {
  const random = randomFrom(seed);
  return Float32Array.from({ length }, () => random() * 2 - 1);
}

/** Floats of any bits, so that each exponent is as likely as the next. */
export function anything(seed: number, length: number): Float32Array<ArrayBuffer> {
  const random = randomFrom(seed);
  return new Float32Array(Uint32Array.from({ length }, () => random() * 2 ** 32).buffer);
}

/** Whole numbers from -4 to 4: their dot products are exact in float32, and full of ties. */
export function wholes(seed: number, length: number): Float32Array<ArrayBuffer> {
  const random = randomFrom(seed);
  return Float32Array.from({ length }, () => Math.floor(random() * 9) - 4);
}

/** The 32 bits of each value. */
export function bits(values: Float32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

/** Shapes at the edges of tiles: one dimension at a time leaves a control. */
export const shapes: readonly (readonly [queries: number, items: number, dims: number])[] = [
  [2, 65, 16],
  ...[1, 3, 4, 5, 15, 17, 383, 384, 385].map((dims) => [2, 65, dims] as const),
  ...[1, 2, 63, 64, 127, 128, 129].map((items) => [2, items, 16] as const),
  ...[1, 3, 4, 5, 16, 17, 63, 64, 65].map((queries) => [queries, 65, 16] as const),
];
