import type { Block } from './block.ts';
import { cutInputs } from './cut.ts';
import type { Rows } from './encoding.ts';
import { writeBlock } from './block-writer.ts';
import { FRAME_HEADER_BYTES, FrameType, type FrameTypeCode, MAGIC, VERSION } from './frame.ts';
import type { BatchEnd, BatchHead, RemoteError } from './message.ts';
import { MAX_FRAME_BYTES, padded } from './limits.ts';
import { Allowance } from './scan.ts';
import { ShardError } from '../errors.ts';
import { packValue } from './values.ts';
import { Writer } from './writer.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** A whole request: a head frame and some inputs frames. Throws `INPUT_INVALID` for inputs that can't travel. */
export function encodeRequest(head: BatchHead, inputs: readonly unknown[]): Bytes {
  const writer = new Writer();
  // One for all frames, as where they are read.
  const allowance = new Allowance();
  writeMap(writer, FrameType.head, head);
  for (const part of cutInputs(inputs)) {
    writeFrame(writer, FrameType.inputs, () => writeBlock(writer, part, allowance));
  }
  return writer.finish();
}

export function encodeHead(head: BatchHead): Bytes {
  return encodeMap(FrameType.head, head);
}

export function encodeInputs(inputs: readonly unknown[]): Bytes {
  const writer = new Writer();
  writeFrame(writer, FrameType.inputs, () => writeBlock(writer, inputs));
  return writer.finish();
}

/** Outputs of consecutive inputs, the first of which is number `first` of the batch. */
export function encodeOutputs(first: number, outputs: readonly unknown[] | Rows): Bytes {
  const rows = Array.isArray(outputs) ? 0 : (outputs as Rows).data.byteLength;
  const writer = new Writer(rows + 1024);
  writeFrame(writer, FrameType.outputs, () => {
    writer.pair(first, 0);
    writeBlock(writer, outputs);
  });
  return writer.finish();
}

/** What `encodeOutputs` gives for a block that is encoded already: some pieces, none of which is copied. */
export function frameOutputs(first: number, { bytes }: Block): Bytes[] {
  const writer = new Writer(2 * FRAME_HEADER_BYTES);
  writeHeader(writer, FrameType.outputs, checked(bytes.length + FRAME_HEADER_BYTES));
  writer.pair(first, 0);
  const padding = padded(bytes.length) - bytes.length;
  return [writer.finish(), ...bytes.parts, ...(padding > 0 ? [new Uint8Array(padding)] : [])];
}

/** The input number `index` of the batch failed. */
export function encodeFailure(index: number, error: RemoteError): Bytes {
  return encodeMap(FrameType.failure, { index, error });
}

export function encodeEnd(end: BatchEnd): Bytes {
  return encodeMap(FrameType.end, end);
}

export function encodeError(error: RemoteError): Bytes {
  return encodeMap(FrameType.error, error);
}

export function encodeBeat(): Bytes {
  const writer = new Writer(FRAME_HEADER_BYTES);
  writeFrame(writer, FrameType.beat, () => {});
  return writer.finish();
}

function encodeMap(type: FrameTypeCode, value: object): Bytes {
  const writer = new Writer();
  writeMap(writer, type, value);
  return writer.finish();
}

function writeMap(writer: Writer, type: FrameTypeCode, value: object): void {
  const bytes = packValue(value);
  writeHeader(writer, type, checked(bytes.length));
  writer.reserve(bytes.length).set(bytes);
}

function writeFrame(writer: Writer, type: FrameTypeCode, writePayload: () => void): void {
  const at = writer.length;
  writeHeader(writer, type, 0);
  writePayload();
  writer.setUint32(at + 4, checked(writer.length - at - FRAME_HEADER_BYTES));
}

function writeHeader(writer: Writer, type: FrameTypeCode, length: number): void {
  writer.pair(MAGIC[0] | (MAGIC[1] << 8) | (VERSION << 16) | (type << 24), length);
}

function checked(length: number): number {
  if (length <= MAX_FRAME_BYTES) return length;
  throw new ShardError(
    'INPUT_INVALID',
    `Expected at most ${MAX_FRAME_BYTES} bytes in one frame, got ${length}; send fewer or smaller values`,
  );
}
