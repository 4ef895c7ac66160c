/** What the bodies of calls are made of: a head, and records of a tag, a count, a position and bytes; see docs/wire.md. */
import { blockOf } from '../wire/block.ts';
import { Chunks } from '../wire/chunks.ts';
import { MAGIC, VERSION } from '../wire/frame.ts';
import { invalid, padded } from '../wire/limits.ts';
import type { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Consecutive values, or what is said of one. */
export interface Record {
  /** Means what the body makes it mean. */
  readonly tag: number;
  /** Position of the first value in the call. */
  readonly first: number;
  readonly count: number;
  readonly bytes: Bytes;
}

export const HEAD_BYTES = 8;
const RECORD_BYTES = 24;
const WORD = 2 ** 32;

/** Begins a body of some kind that has `count` records. */
export function writeHead(writer: Writer, kind: number, count: number): void {
  const at = writer.length;
  writer.reserve(HEAD_BYTES).set([...MAGIC, VERSION, kind]);
  writer.setUint32(at + 4, count);
}

/** How many records there are. Throws `FRAME_INVALID` unless a body of this kind begins here, with room for so many. */
export function readHead(reader: Reader, kind: number): number {
  const head = reader.take(HEAD_BYTES, 'the head of a body');
  const expected = [...MAGIC, VERSION, kind];
  if (!expected.every((byte, at) => head[at] === byte)) {
    throw invalid(`Expected a body that begins with the bytes ${hex(expected)}, got ${hex([...head.subarray(0, 4)])}`);
  }
  const count = new DataView(head.buffer, head.byteOffset).getUint32(4, true);
  if (count * RECORD_BYTES > reader.remaining) {
    throw invalid(`A body claims ${count} records, but only ${reader.remaining} bytes are left`);
  }
  return count;
}

/** A whole number as two words. */
export function writeWhole(writer: Writer, value: number): void {
  writer.pair(value % WORD, Math.floor(value / WORD));
}

export function readWhole(reader: Reader, what: string): number {
  const [low, high] = reader.pair(what);
  const value = high * WORD + low;
  if (Number.isSafeInteger(value)) return value;
  throw invalid(`Expected ${what} to be a whole number of at most 53 bits`);
}

/** The pieces of a record, whose bytes are not copied. */
export function recordParts({ tag, first, count, bytes }: Record): Bytes[] {
  const writer = new Writer(RECORD_BYTES);
  writer.pair(tag, count);
  writeWhole(writer, first);
  writer.pair(bytes.length, 0);
  const padding = padded(bytes.length) - bytes.length;
  return [writer.finish(), bytes, ...(padding > 0 ? [new Uint8Array(padding)] : [])];
}

/** Views of the reader's bytes. */
export function readRecord(reader: Reader): Record {
  const [tag, count] = reader.pair('a record');
  const first = readWhole(reader, 'the position of a record');
  const bytes = reader.take(reader.word('the length of a record'), 'a record');
  if (count === 0) throw invalid('Expected a record to have a value, got none');
  if (!Number.isSafeInteger(first + count)) throw invalid('A record ends beyond 53 bits');
  return { tag, first, count, bytes };
}

/** Throws `FRAME_INVALID` unless the bytes have the header of a block of so many values; these are not looked at. */
export function checkBlock(bytes: Bytes, count: number): void {
  const { count: has } = blockOf(new Chunks([bytes]));
  if (has !== count) throw invalid(`A record announces ${count} values, but its block has ${has}`);
}

function hex(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
