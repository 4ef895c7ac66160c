import type { ObjectBytes } from './contract.ts';

/** Of which an object consists where a store has no room for one of any size: all but the last are as large. */
export const PIECE_BYTES: number = 2 ** 20;

/** The bytes again, in pieces of that size; the last may be smaller. */
export async function* piecesOf(bytes: ObjectBytes): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let piece = new Uint8Array(PIECE_BYTES);
  let filled = 0;
  for await (const part of bytes instanceof Uint8Array ? [bytes] : bytes) {
    for (let at = 0; at < part.length;) {
      const taken = part.subarray(at, at + PIECE_BYTES - filled);
      piece.set(taken, filled);
      filled += taken.length;
      at += taken.length;
      if (filled < PIECE_BYTES) continue;
      yield piece;
      piece = new Uint8Array(PIECE_BYTES);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
