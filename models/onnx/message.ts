import { PbfReader, type PbfWriter } from 'pbf';
import { ModelError } from '../errors.ts';

const WireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** One field of a protobuf message; values are views of the message's bytes. */
export interface Field {
  readonly number: number;
  /** The value of a varint field, signed; 0 for the other wire types. */
  readonly int: number;
  /** The value of a fixed 32-bit field; 0 for the other wire types. */
  readonly float: number;
  /** The value of a length-delimited field; empty for the other wire types. */
  readonly bytes: Uint8Array;
  /** Whether the field is length-delimited: a string, bytes, a message or packed numbers. */
  readonly delimited: boolean;
  /** Tag and value. */
  readonly encoded: Uint8Array;
}

const none = new Uint8Array(0);

/** The fields of a protobuf message in their order. Throws `MODEL_INVALID` where the bytes end within a field. */
export function fieldsOf(message: Uint8Array): Field[] {
  const reader = new PbfReader(message);
  const fields: Field[] = [];
  try {
    for (let start = 0; start < message.length; start = reader.pos) {
      const tag = reader.readVarint();
      const wire = tag & 7;
      let int = 0;
      let float = 0;
      let bytes: Uint8Array = none;
      if (wire === WireType.varint) int = reader.readVarint(true);
      else if (wire === WireType.bytes) bytes = reader.readBytes();
      else if (wire === WireType.fixed32) float = reader.readFloat();
      else if (wire === WireType.fixed64) reader.pos += 8;
      else throw invalid(`wire type ${wire} at byte ${start}, which protobuf doesn't know`);
      if (reader.pos > message.length || tag < 8)
        throw invalid(`a field cut short at byte ${start} of ${message.length}`);
      const encoded = message.subarray(start, reader.pos);
      fields.push({
        number: tag >>> 3,
        int,
        float,
        bytes,
        delimited: wire === WireType.bytes,
        encoded,
      });
    }
  } catch (cause) {
    // pbf reads numbers through a DataView and varints without bounds: both mean that the bytes are damaged.
    throw cause instanceof ModelError ? cause : invalid(cause instanceof Error ? cause.message : String(cause), cause);
  }
  return fields;
}

const invalid = (found: string, cause?: unknown): ModelError =>
  new ModelError(
    'MODEL_INVALID',
    `Expected the protobuf bytes of an ONNX model, found ${found}: the file is damaged or incomplete. Fetch it again.`,
    { cause },
  );

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

export const textOf = (field: Field): string => utf8.decode(field.bytes);

/** The numbers of a repeated integer field, which may be packed or not. */
export function intsOf(field: Field): number[] {
  if (!field.delimited) return [field.int];
  const reader = new PbfReader(field.bytes);
  const ints: number[] = [];
  while (reader.pos < field.bytes.length) ints.push(reader.readVarint(true));
  return ints;
}

/** The numbers of a repeated float field, which may be packed or not. */
export function floatsOf(field: Field): number[] {
  if (!field.delimited) return [field.float];
  const view = new DataView(field.bytes.buffer, field.bytes.byteOffset, field.bytes.byteLength);
  return Array.from({ length: field.bytes.length >> 2 }, (_, index) => view.getFloat32(index * 4, true));
}

const encoder = new TextEncoder();

/** pbf 5's own `writeStringField` garbles characters from U+20000 up, such as rarer Han ones. */
export const writeText = (writer: PbfWriter, field: number, text: string): void =>
  writer.writeBytesField(field, encoder.encode(text));
