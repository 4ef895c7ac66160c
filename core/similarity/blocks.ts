import type { Elements } from '../collection/segments.ts';
import type { HostRows, HostSegment } from '../collection/host-rows.ts';

/** Rows that are scored at once: whole bins in memory, of which the first `rows` are meant. */
export interface Block {
  readonly rows: number;
  readonly data: Elements;
  readonly scales: Float32Array<ArrayBuffer> | undefined;
  readonly norms: Float32Array<ArrayBuffer>;
  /** The row of the store that row 0 is; the others follow it, unless they are listed. */
  readonly first: number;
  readonly listed: Uint32Array<ArrayBuffer> | undefined;
}

/** Rows of a block are scored in bins of so many. */
export interface BlockOptions {
  readonly bin: number;
  /** At most so many rows a block, a multiple of `bin`. */
  readonly blockRows: number;
}

/** All rows of the segments, where they lie. */
export function* blocksOf(
  segments: readonly HostSegment[],
  width: number,
  { bin, blockRows }: BlockOptions,
): Generator<Block> {
  for (const { first, rows, data, scales, norms } of segments) {
    for (let from = 0; from < rows; from += blockRows) {
      const taken = Math.min(blockRows, rows - from);
      const end = from + Math.ceil(taken / bin) * bin;
      yield {
        rows: taken,
        data: data.subarray(from * width, end * width),
        scales: scales?.subarray(from, end),
        norms: norms.subarray(from, end),
        first: first + from,
        listed: undefined,
      };
    }
  }
}

/** The listed rows, copied together; a block is good until the next. */
export function* gathered(
  store: HostRows,
  listed: Uint32Array<ArrayBuffer>,
  { bin, blockRows }: BlockOptions,
): Generator<Block> {
  const room = Math.min(blockRows, Math.ceil(listed.length / bin) * bin);
  const [data, scales, norms] = store.room(room);
  for (let from = 0; from < listed.length; from += room) {
    const part = listed.subarray(from, from + room);
    const end = Math.ceil(part.length / bin) * bin;
    for (const [at, row] of part.entries()) {
      const copied = store.at(row);
      data.set(copied.data, at * store.width);
      scales?.fill(copied.scale, at, at + 1);
      norms[at] = copied.norm;
    }
    data.fill(0, part.length * store.width);
    yield {
      rows: part.length,
      data: data.subarray(0, end * store.width),
      scales: scales?.subarray(0, end),
      norms: norms.subarray(0, end),
      first: 0,
      listed: part,
    };
  }
}
