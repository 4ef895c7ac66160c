/** Blocks of many rows as one parameter, from which the statement cuts them: binary, and its text is always the same. */
type Bytes = Uint8Array<ArrayBuffer>;

export interface Packed {
  readonly bytes: Buffer;
  /** Position of each in the bytes, from 1 as `substring` counts. */
  readonly from: readonly number[];
  /** Of each; -1 where there is none. */
  readonly length: readonly number[];
}

export function pack(blocks: readonly (Bytes | undefined)[]): Packed {
  const from: number[] = [];
  let at = 1;
  for (const block of blocks) {
    from.push(at);
    at += block?.length ?? 0;
  }
  return {
    bytes: Buffer.concat(blocks.filter((block) => block !== undefined)),
    from,
    length: blocks.map((block) => block?.length ?? -1),
  };
}

/** Bytes of one statement, about: the server holds them in memory, several times over. */
const STATEMENT_BYTES = 16 * 2 ** 20;
const STATEMENT_ROWS = 4_096;

/** Cuts rows into runs that a statement takes. */
export function* runsOf<Item extends { readonly block?: Bytes | undefined }>(
  items: readonly Item[],
): Generator<Item[]> {
  let run: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = item.block?.length ?? 0;
    if (run.length > 0 && (bytes + size > STATEMENT_BYTES || run.length >= STATEMENT_ROWS)) {
      yield run;
      run = [];
      bytes = 0;
    }
    run.push(item);
    bytes += size;
  }
  if (run.length > 0) yield run;
}

/** A value of the type `bytea` as the rest of the house has bytes: over a buffer of its own. */
export function bytesOf(value: Buffer): Bytes {
  return value.buffer instanceof ArrayBuffer
    ? new Uint8Array(value.buffer, value.byteOffset, value.length)
    : new Uint8Array(value);
}
