import type { AxisWeights } from './weights.ts';

export type Rounding = 'bytes' | 'none';

/** Binary places of Pillow's weights. */
const PLACES = 22;

/**
 * Weights as the shaders read them: of each new pixel the first that it is made of, counted from `from`, then their
 * number, and `taps` weights: float32, or with rounding to bytes whole numbers of 2⁻²².
 */
export function tableOf(axis: AxisWeights, rounding: Rounding, from: number): Uint32Array<ArrayBuffer> {
  const { taps, first, count, weights } = axis;
  const words = new Uint32Array(first.length * (taps + 2));
  const view = rounding === 'bytes' ? new Int32Array(words.buffer) : new Float32Array(words.buffer);
  for (const [pixel, start] of first.entries()) {
    const at = pixel * (taps + 2);
    words.set([start - from, count[pixel] ?? 0], at);
    const own = weights.subarray(pixel * taps, (pixel + 1) * taps);
    view.set(rounding === 'bytes' ? own.map((weight) => halfAwayFromZero(weight * 2 ** PLACES)) : own, at + 2);
  }
  return words;
}

function halfAwayFromZero(value: number): number {
  return Math.trunc(value + (value < 0 ? -0.5 : 0.5));
}
