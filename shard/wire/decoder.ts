import { FRAME_HEADER_BYTES, type FrameTypeCode, isFrameType, MAGIC, VERSION } from './frame.ts';
import { MAX_FRAME_BYTES, invalid, padded } from './limits.ts';

export interface RawFrame {
  readonly type: FrameTypeCode;
  /** A view of the received chunk, if that holds all of it; so it may begin at any address. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

export interface FrameDecoderOptions {
  /** Longest payload taken, in bytes. Default: 256 MiB. */
  readonly maxFrameBytes?: number;
}

/**
 * Cuts a stream of bytes into frames. Chunks may end anywhere. Holds no more than the bytes of one unfinished frame,
 * and never allocates on the word of a header alone. Throws `FRAME_INVALID`.
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #available = 0;
  #header: { type: FrameTypeCode; length: number } | undefined;

  constructor(options: FrameDecoderOptions = {}) {
    this.#maxFrameBytes = options.maxFrameBytes ?? MAX_FRAME_BYTES;
  }

  /** Takes a chunk, and gives the frames that it completes. The chunk must not be written to afterwards. */
  *push(chunk: Uint8Array): Generator<RawFrame, void, undefined> {
    if (chunk.length > 0) {
      this.#chunks.push(chunk as Uint8Array<ArrayBuffer>);
      this.#available += chunk.length;
    }
    for (;;) {
      if (!this.#header) {
        if (this.#available < FRAME_HEADER_BYTES) return;
        this.#header = this.#parseHeader(this.#take(FRAME_HEADER_BYTES));
      }
      const { type, length } = this.#header;
      if (this.#available < padded(length)) return;
      const body = this.#take(padded(length));
      this.#header = undefined;
      if (body.subarray(length).some((byte) => byte !== 0)) {
        throw invalid('Expected zeros between frames');
      }
      yield { type, payload: body.subarray(0, length) };
    }
  }

  /** Call when the stream has ended. Throws `FRAME_INVALID` if it ended inside a frame. */
  end(): void {
    if (this.#header || this.#available > 0) throw invalid('The bytes end inside a frame');
  }

  #parseHeader(bytes: Uint8Array<ArrayBuffer>): { type: FrameTypeCode; length: number } {
    if (bytes[0] !== MAGIC[0] || bytes[1] !== MAGIC[1]) {
      throw invalid('Expected a frame, which begins with the bytes 57 4D');
    }
    if (bytes[2] !== VERSION) {
      throw invalid(`A frame is of version ${bytes[2]}; this side speaks version ${VERSION}`);
    }
    const type = bytes[3]!;
    if (!isFrameType(type)) throw invalid(`A frame has the unknown type ${type}`);
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
    if (length > this.#maxFrameBytes) {
      throw invalid(`A frame has ${length} bytes; the limit is ${this.#maxFrameBytes}`);
    }
    return { type, length };
  }

  #take(length: number): Uint8Array<ArrayBuffer> {
    this.#available -= length;
    const first = this.#chunks[0];
    if (length === 0 || !first) return new Uint8Array();
    if (first.length >= length) {
      if (first.length === length) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    const joined = new Uint8Array(length);
    let filled = 0;
    let used = 0;
    while (filled < length) {
      const chunk = this.#chunks[used]!;
      const part = chunk.subarray(0, length - filled);
      joined.set(part, filled);
      filled += part.length;
      if (part.length === chunk.length) used++;
      else this.#chunks[used] = chunk.subarray(part.length);
    }
    this.#chunks.splice(0, used);
    return joined;
  }
}
