import { chooseLayout, Encoding, type EncodingName, type Rows } from './encoding.ts';
import { Allowance } from './scan.ts';
import { packValue } from './values.ts';
import type { Writer } from './writer.ts';

/**
 * Writes a block in the encoding that costs least. Strings travel as UTF-8, so a lone surrogate becomes U+FFFD.
 * Throws `INPUT_INVALID` for values that can't travel.
 */
export function writeBlock(
  writer: Writer,
  values: readonly unknown[] | Rows,
  allowance: Allowance = new Allowance(),
): void {
  if (Array.isArray(values)) writeValues(writer, values as readonly unknown[], 0, allowance);
  else writeRows(writer, values as Rows);
}

function writeValues(writer: Writer, values: readonly unknown[], depth: number, allowance: Allowance): void {
  const layout = chooseLayout(values, depth);
  begin(writer, layout.encoding, values.length);
  switch (layout.encoding) {
    case 'values': {
      const bytes = packValue(values, allowance);
      writer.reserve(bytes.length).set(bytes);
      break;
    }
    case 'float32Rows': {
      writer.pair(layout.dims, 0);
      const rows = floats(writer, values.length * layout.dims);
      for (const [index, row] of values.entries()) rows.set(row as Float32Array, index * layout.dims);
      break;
    }
    case 'float64': {
      const bytes = writer.reserve(values.length * 8);
      new Float64Array(bytes.buffer, bytes.byteOffset, values.length).set(values as number[]);
      break;
    }
    case 'int32': {
      const bytes = writer.reserve(values.length * 4);
      new Int32Array(bytes.buffer, bytes.byteOffset, values.length).set(values as number[]);
      break;
    }
    case 'utf8':
      writeStrings(writer, values as readonly string[]);
      break;
    case 'columns':
      writer.pair(layout.columns, 0);
      for (let column = 0; column < layout.columns; column++) {
        writeValues(
          writer,
          values.map((tuple) => (tuple as readonly unknown[])[column]),
          depth + 1,
          allowance,
        );
      }
      break;
    case 'dictionary': {
      writeValues(writer, layout.distinct, depth + 1, allowance);
      const bytes = writer.reserve(layout.indices.byteLength);
      bytes.set(new Uint8Array(layout.indices.buffer));
      break;
    }
  }
}

function writeRows(writer: Writer, rows: Rows): void {
  if (rows.count === 0 || rows.dims === 0) {
    const empty = Array.from({ length: rows.count }, () => new Float32Array());
    writeValues(writer, empty, 0, new Allowance());
    return;
  }
  begin(writer, 'float32Rows', rows.count);
  writer.pair(rows.dims, 0);
  const length = rows.count * rows.dims;
  floats(writer, length).set(rows.data.subarray(0, length));
}

function begin(writer: Writer, encoding: EncodingName, count: number): void {
  writer.pair(Encoding[encoding], count);
}

function floats(writer: Writer, length: number): Float32Array<ArrayBuffer> {
  const bytes = writer.reserve(length * 4);
  return new Float32Array(bytes.buffer, bytes.byteOffset, length);
}

function writeStrings(writer: Writer, values: readonly string[]): void {
  const lengths = values.map((value) => Buffer.byteLength(value));
  const offsets = new Uint32Array(values.length + 1);
  for (const [index, length] of lengths.entries()) offsets[index + 1] = offsets[index]! + length;
  const total = offsets[values.length]!;
  writer.reserve(offsets.byteLength).set(new Uint8Array(offsets.buffer));
  const bytes = writer.reserve(total);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, total);
  for (const [index, value] of values.entries()) buffer.write(value, offsets[index]!);
}
