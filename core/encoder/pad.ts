import type { Tokens } from '../../models/contract.ts';
import type { TokenBatch } from '../runtime/contract.ts';

/** Copies ragged texts into one rectangle, the rest filled with the pad id. */
export function padBatch(tokens: Tokens, texts: Uint32Array, padId: number): TokenBatch {
  const rows = texts.length;
  const lengths = new Int32Array(rows);
  let width = 1;
  for (let row = 0; row < rows; row++) {
    const text = texts[row] ?? 0;
    const length = (tokens.offsets[text + 1] ?? 0) - (tokens.offsets[text] ?? 0);
    lengths[row] = length;
    if (length > width) width = length;
  }
  const ids = new Int32Array(rows * width);
  if (padId !== 0) ids.fill(padId);
  for (let row = 0; row < rows; row++) {
    const text = texts[row] ?? 0;
    ids.set(tokens.ids.subarray(tokens.offsets[text], tokens.offsets[text + 1]), row * width);
  }
  return { rows, width, ids, lengths };
}
