import { isUtf8 } from 'node:buffer';
import { Encoding } from './encoding.ts';
import { MAX_BLOCK_DEPTH, invalid } from './limits.ts';
import { aligned, type Reader } from './reader.ts';
import { Allowance } from './scan.ts';
import { unpackList } from './values.ts';

export interface BlockBounds {
  /** Most values in the block. Default: as many as its bytes can hold. */
  readonly maxValues?: number;
  /** What its MessagePack may spend. Default: one of its own. */
  readonly allowance?: Allowance;
}

/**
 * The values of one block. Vectors are views of the received bytes, and equal values may be one object.
 * Throws `FRAME_INVALID`.
 */
export function readBlock(reader: Reader, bounds: BlockBounds = {}): unknown[] {
  const steps = readBlockInSteps(reader, bounds);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** As `readBlock`, but yields wherever some milliseconds may have passed. */
export function readBlockInSteps(
  reader: Reader,
  { maxValues = Infinity, allowance = new Allowance() }: BlockBounds = {},
): Generator<void, unknown[], undefined> {
  return readNested(reader, 0, { maxValues, allowance });
}

function* readNested(
  reader: Reader,
  depth: number,
  bounds: Required<BlockBounds>,
): Generator<void, unknown[], undefined> {
  if (depth >= MAX_BLOCK_DEPTH) {
    throw invalid(`Blocks are nested more than ${MAX_BLOCK_DEPTH} deep`);
  }
  const [encoding, count] = reader.pair('a block header');
  // Told before anything is made: a row of one float takes 4 bytes here and more than 100 as an object.
  if (count > bounds.maxValues) throw invalid(`A block has ${count} values, expected at most ${bounds.maxValues}`);
  const inside = { ...bounds, maxValues: count };
  switch (encoding) {
    case Encoding.values:
      return yield* readValues(reader, count, bounds.allowance);
    case Encoding.float32Rows:
      return readRows(reader, count);
    case Encoding.float64: {
      const bytes = aligned(reader.take(count * 8, `${count} float64`), 8);
      return Array.from(new Float64Array(bytes.buffer, bytes.byteOffset, count));
    }
    case Encoding.int32: {
      const bytes = aligned(reader.take(count * 4, `${count} int32`), 4);
      return Array.from(new Int32Array(bytes.buffer, bytes.byteOffset, count));
    }
    case Encoding.utf8:
      return yield* readStrings(reader, count);
    case Encoding.columns:
      return yield* readColumns(reader, count, depth, inside);
    case Encoding.dictionary:
      return yield* readDictionary(reader, count, depth, inside);
    default:
      // The three bytes after the encoding are zero, so the u32 is the encoding itself.
      throw invalid(`A block has the encoding ${encoding}; expected 0 to 6`);
  }
}

function* readValues(reader: Reader, count: number, allowance: Allowance): Generator<void, unknown[], undefined> {
  const values: unknown[] = [];
  const length = yield* unpackList(reader.rest(), values, { count, allowance });
  reader.take(length, 'MessagePack values');
  return values;
}

function readRows(reader: Reader, count: number): Float32Array[] {
  const dims = reader.word('the dims of float32 rows');
  if (dims === 0) throw invalid('Float32 rows have no components; expected dims of 1 or more');
  const bytes = aligned(reader.take(count * dims * 4, `${count} rows of ${dims} float32`), 4);
  const rows: Float32Array[] = [];
  for (let row = 0; row < count; row++) {
    rows.push(new Float32Array(bytes.buffer, bytes.byteOffset + row * dims * 4, dims));
  }
  return rows;
}

/** Texts between two steps. */
const STEP_TEXTS = 4096;

function* readStrings(reader: Reader, count: number): Generator<void, string[], undefined> {
  const table = aligned(reader.take((count + 1) * 4, `${count + 1} text offsets`), 4);
  const offsets = new Uint32Array(table.buffer, table.byteOffset, count + 1);
  const bytes = reader.take(offsets[count]!, 'text');
  if (offsets[0] !== 0) throw invalid('The first text does not begin at 0');
  if (!isUtf8(bytes)) throw invalid('Text is not UTF-8');
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const texts: string[] = [];
  for (let index = 0; index < count; index++) {
    const start = offsets[index]!;
    const end = offsets[index + 1]!;
    if (end < start || end > bytes.length) throw invalid('Text offsets do not ascend');
    // A continuation byte here means that the offset cuts a character.
    if (start < bytes.length && (bytes[start]! & 0xc0) === 0x80) {
      throw invalid('A text offset lies inside a character');
    }
    texts.push(buffer.toString('utf8', start, end));
    if (index % STEP_TEXTS === STEP_TEXTS - 1) yield;
  }
  return texts;
}

function* readColumns(
  reader: Reader,
  count: number,
  depth: number,
  inside: Required<BlockBounds>,
): Generator<void, unknown[][], undefined> {
  const width = reader.word('the number of columns');
  if (width === 0 || width * 8 > reader.remaining) {
    throw invalid(`A block claims ${width} columns in ${reader.remaining} bytes`);
  }
  const columns: unknown[][] = [];
  for (let column = 0; column < width; column++) {
    const values = yield* readNested(reader, depth + 1, inside);
    if (values.length !== count) {
      throw invalid(`A column has ${values.length} values, expected ${count}`);
    }
    columns.push(values);
  }
  const tuples: unknown[][] = [];
  for (let row = 0; row < count; row++) tuples.push(columns.map((values) => values[row]));
  return tuples;
}

function* readDictionary(
  reader: Reader,
  count: number,
  depth: number,
  inside: Required<BlockBounds>,
): Generator<void, unknown[], undefined> {
  const distinct = yield* readNested(reader, depth + 1, inside);
  const bytes = aligned(reader.take(count * 4, `${count} dictionary indices`), 4);
  const values: unknown[] = [];
  for (const index of new Uint32Array(bytes.buffer, bytes.byteOffset, count)) {
    if (index >= distinct.length) {
      throw invalid(`A dictionary index is ${index}, but there are ${distinct.length} values`);
    }
    values.push(distinct[index]);
  }
  return values;
}
