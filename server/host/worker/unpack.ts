import { decodeBlock } from '../../../shard/wire/block.ts';
import { Chunks } from '../../../shard/wire/chunks.ts';
import { Allowance } from '../../../shard/wire/scan.ts';
import type { PackedPiece, Piece } from '../messages.ts';

/** A piece with its inputs as values. Throws `FRAME_INVALID`. */
export function unpackPiece({ inputs: packed, ...rest }: PackedPiece, bytes: Chunks): Piece {
  // One for all blocks, since all their values are held.
  const allowance = new Allowance();
  const whole = bytes.joined();
  const indices: number[] = [];
  const inputs: unknown[] = [];
  const wanted = packed.only && new Set(packed.only);
  let at = 0;
  for (const { first, count, bytes: length } of packed.blocks) {
    const block = new Chunks([whole.subarray(at, at + length)]);
    at += length;
    const values = decodeBlock({ bytes: block }, { maxValues: count, allowance });
    for (const [offset, value] of values.entries()) {
      if (wanted?.has(first + offset) === false) continue;
      indices.push(first + offset);
      inputs.push(value);
    }
  }
  return { ...rest, indices, inputs };
}
