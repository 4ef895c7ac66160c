import { ShardError } from '../errors.ts';
import { readBlock, readBlockInSteps } from './block-reader.ts';
import { writeBlock } from './block-writer.ts';
import { Chunks } from './chunks.ts';
import type { Rows } from './encoding.ts';
import { invalid } from './limits.ts';
import { Reader } from './reader.ts';
import type { Allowance } from './scan.ts';
import { Writer } from './writer.ts';

/** Values as they travel: how many, and their bytes, which nobody on the way has to read. */
export interface Block {
  readonly count: number;
  readonly bytes: Chunks;
}

export interface EncodeOptions {
  /** Most bytes that the block may have. Default: no limit. */
  readonly maxBytes?: number;
  /** How many bytes it may come to, so that room is made but once. */
  readonly roughly?: number;
}

/** Throws `INPUT_INVALID` for values that can't travel. */
export function encodeBlock(
  values: readonly unknown[] | Rows,
  { maxBytes = Infinity, roughly = 0 }: EncodeOptions = {},
): Block {
  const writer = new Writer(roughly + 1024);
  writeBlock(writer, values);
  const bytes = writer.finish();
  const count = Array.isArray(values) ? values.length : (values as Rows).count;
  if (bytes.length <= maxBytes) return { count, bytes: new Chunks([bytes]) };
  throw new ShardError('INPUT_INVALID', `Expected at most ${maxBytes} bytes, got ${bytes.length}; send smaller values`);
}

/** A block by what its header says of it; its values are not looked at. Throws `FRAME_INVALID`. */
export function blockOf(bytes: Chunks): Block {
  const header = bytes.head(8);
  if (header.length < 8) throw invalid(`Expected the header of a block, got ${header.length} bytes`);
  return { count: new DataView(header.buffer, header.byteOffset).getUint32(4, true), bytes };
}

export interface DecodeBounds {
  readonly maxValues?: number;
  readonly allowance?: Allowance;
}

/** The values of a block that is all that its bytes hold. Throws `FRAME_INVALID`. */
export function decodeBlock({ bytes }: Pick<Block, 'bytes'>, bounds: DecodeBounds = {}): unknown[] {
  const reader = new Reader(bytes.joined());
  const values = readBlock(reader, bounds);
  reader.end('a block');
  return values;
}

/** As `decodeBlock`, but a step at a time, so that the event loop can breathe between steps. */
export function* decodeBlockInSteps(
  { bytes }: Pick<Block, 'bytes'>,
  bounds: DecodeBounds = {},
): Generator<void, unknown[], undefined> {
  const reader = new Reader(bytes.joined());
  const values = yield* readBlockInSteps(reader, bounds);
  reader.end('a block');
  return values;
}
