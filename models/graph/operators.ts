import type { Linear, Norm } from './parameters.ts';

/**
 * The steps of an encoder that differ between devices. Values are token vectors in the form's own layout: `unfold` gives
 * [batch, tokens, width], and `fold` takes it back.
 */
export interface EncoderOperators {
  /** Layer norm of words plus positions. */
  embed(words: string, positions: string, norm: Norm): string;
  /** Multi-head self-attention, up to its output projection. `scope` names the layer's `attention.self`. */
  attend(hidden: string, scope: string): string;
  /** The activation of `value × kernel + bias`. */
  activate(value: string, linear: Linear): string;
  /** Layer norm of `value × kernel + bias + skip`. */
  addNorm(value: string, linear: Linear, skip: string, norm: Norm): string;
  unfold(value: string): string;
  fold(value: string): string;
}
