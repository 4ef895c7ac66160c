import type { Block } from '../../shard/wire/block.ts';
import type { PackedInputs } from './messages.ts';

/** Inputs of some positions, for a worker: the blocks that hold them, as they came, and which of their values are meant. */
export function packInputs(
  blocks: readonly Block[],
  positions: readonly number[],
): { readonly inputs: PackedInputs; readonly parts: Uint8Array[] } {
  const total = blocks.reduce((sum, { count }) => sum + count, 0);
  const all = positions.length === total;
  const wanted = all ? undefined : new Set(positions);
  const packed: { first: number; count: number; bytes: number }[] = [];
  const parts: Uint8Array[] = [];
  let first = 0;
  for (const { count, bytes } of blocks) {
    if (!wanted || overlaps(wanted, first, count)) {
      packed.push({ first, count, bytes: bytes.length });
      parts.push(...bytes.parts);
    }
    first += count;
  }
  return { inputs: { blocks: packed, ...(!all && { only: Uint32Array.from(positions) }) }, parts };
}

function overlaps(wanted: ReadonlySet<number>, first: number, count: number): boolean {
  for (let position = first; position < first + count; position++) if (wanted.has(position)) return true;
  return false;
}
