import { createHash, hash } from 'node:crypto';
import { ShardError } from '../errors.ts';
import { DAY_MS, type FileBody, PIECE_BYTES, type PieceName, type VolumeAt, type VolumeBackend } from './contract.ts';

/** A view, such as a Float32Array, is written as its bytes are in memory. */
export type FileBytes =
  | string
  | ArrayBufferView
  | Iterable<Uint8Array>
  | AsyncIterable<Uint8Array>
  | ReadableStream<Uint8Array>;

/** `end` not included; default: the file's. */
export interface FileRange {
  readonly start: number;
  readonly end?: number;
}

type Pieces = Pick<VolumeBackend, 'readPiece' | 'writePiece'>;

/** Writes the bytes in pieces, and tells where they are; no more than two pieces are in memory. */
export async function writeBody(
  backend: Pieces,
  volume: VolumeAt,
  bytes: FileBytes,
  { now, signal }: { readonly now: () => number; readonly signal?: AbortSignal | undefined },
): Promise<FileBody> {
  const whole = createHash('sha256');
  const pieces: string[] = [];
  const day = dayOf(now());
  let length = 0;
  for await (const piece of piecesOf(bytes)) {
    signal?.throwIfAborted();
    whole.update(piece);
    length += piece.length;
    const name = hash('sha256', piece);
    await backend.writePiece(volume, { day, hash: name }, piece);
    pieces.push(name);
  }
  const body = { bytes: length, modified: now(), hash: whole.digest('hex'), day };
  return pieces.length > 1 ? { ...body, pieces } : body;
}

/** The bytes of a file, or of a range, as far as it has them. */
export async function* readBody(
  backend: Pieces,
  volume: VolumeAt,
  body: FileBody,
  range: FileRange = { start: 0 },
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const end = Math.min(range.end ?? Infinity, body.bytes);
  for (let at = range.start; at < end;) {
    const index = Math.floor(at / PIECE_BYTES);
    const first = index * PIECE_BYTES;
    const part = { start: at - first, end: Math.min(end - first, PIECE_BYTES) };
    yield* await backend.readPiece(volume, pieceOf(body, index), part);
    at = first + part.end;
  }
}

/** All pieces that a file has. */
export function piecesIn(body: FileBody): PieceName[] {
  if (body.bytes === 0) return [];
  return Array.from({ length: Math.ceil(body.bytes / PIECE_BYTES) }, (_, index) => pieceOf(body, index));
}

export function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}

function pieceOf({ day, hash: only, pieces }: FileBody, index: number): PieceName {
  return { day, hash: pieces?.[index] ?? only };
}

async function* piecesOf(bytes: FileBytes): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const parts =
    typeof bytes === 'string'
      ? [Buffer.from(bytes)]
      : ArrayBuffer.isView(bytes)
        ? [new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)]
        : bytes;
  let piece = new Uint8Array(0);
  for await (const part of parts) {
    if (!(part instanceof Uint8Array)) {
      throw new ShardError('INPUT_INVALID', `Expected the parts of a file to be a Uint8Array each, got ${typeof part}`);
    }
    for (let at = 0; at < part.length;) {
      const taken = part.subarray(at, at + PIECE_BYTES - piece.length);
      piece = appended(piece, taken);
      at += taken.length;
      if (piece.length < PIECE_BYTES) continue;
      yield piece;
      // A file that fills one piece will mostly fill another.
      piece = new Uint8Array(new ArrayBuffer(PIECE_BYTES), 0, 0);
    }
  }
  if (piece.length > 0) yield piece;
}

/** In place where there is room; the room doubles, so that small files take little and large ones are not copied often. */
function appended(piece: Uint8Array<ArrayBuffer>, more: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = piece.length + more.length;
  let { buffer } = piece;
  if (buffer.byteLength < length) {
    buffer = new ArrayBuffer(Math.min(PIECE_BYTES, Math.max(length, buffer.byteLength * 2)));
    new Uint8Array(buffer).set(piece);
  }
  new Uint8Array(buffer).set(more, piece.length);
  return new Uint8Array(buffer, 0, length);
}
