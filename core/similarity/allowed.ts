import { setBits } from './bits.ts';

/** The rows below `size` whose bit is set, ascending. */
export function allowedRows(allowed: Uint32Array, size: number): Uint32Array<ArrayBuffer> {
  const rows = new Uint32Array(countAllowed(allowed, size));
  let held = 0;
  for (let word = 0; 32 * word < size && word < allowed.length; word++) {
    for (let bits = allowed[word]!; bits !== 0; bits &= bits - 1) {
      const row = 32 * word + (31 - Math.clz32(bits & -bits));
      if (row < size) rows[held++] = row;
    }
  }
  return rows;
}

/** How many of the first `size` bits are set. */
export function countAllowed(allowed: Uint32Array, size: number): number {
  let count = 0;
  const words = Math.min(allowed.length, Math.ceil(size / 32));
  for (let word = 0; word < words; word++) {
    const left = size - 32 * word;
    count += setBits(left < 32 ? allowed[word]! & (2 ** left - 1) : allowed[word]!);
  }
  return count;
}

/** Whether this row may be answered. */
export function isAllowed(allowed: Uint32Array, row: number): boolean {
  return ((allowed[row >>> 5] ?? 0) & (1 << (row & 31))) !== 0;
}
