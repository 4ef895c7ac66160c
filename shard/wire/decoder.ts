import { ByteQueue, type Chunks } from './chunks.ts';
import { FRAME_HEADER_BYTES, type FrameTypeCode, isFrameType, MAGIC, VERSION } from './frame.ts';
import { MAX_FRAME_BYTES, invalid, padded } from './limits.ts';

export interface RawFrame {
  readonly type: FrameTypeCode;
  /** Views of the received chunks; so they may begin at any address. */
  readonly payload: Chunks;
}

export interface FrameDecoderOptions {
  /** Longest payload taken, in bytes. Default: 256 MiB. */
  readonly maxFrameBytes?: number;
}

/**
 * Cuts a stream of bytes into frames. Chunks may end anywhere. Holds no more than the bytes of one unfinished frame,
 * never allocates on the word of a header alone, and copies nothing. Throws `FRAME_INVALID`.
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  readonly #queue = new ByteQueue();
  #header: { type: FrameTypeCode; length: number } | undefined;

  constructor(options: FrameDecoderOptions = {}) {
    this.#maxFrameBytes = options.maxFrameBytes ?? MAX_FRAME_BYTES;
  }

  /** Takes a chunk, and gives the frames that it completes. The chunk must not be written to afterwards. */
  *push(chunk: Uint8Array): Generator<RawFrame, void, undefined> {
    this.#queue.push(chunk);
    for (;;) {
      if (!this.#header) {
        if (this.#queue.length < FRAME_HEADER_BYTES) return;
        this.#header = this.#parseHeader(this.#queue.take(FRAME_HEADER_BYTES).joined());
      }
      const { type, length } = this.#header;
      const whole = padded(length);
      if (this.#queue.length < whole) return;
      this.#header = undefined;
      const payload = this.#queue.take(length);
      if (
        whole > length &&
        this.#queue
          .take(whole - length)
          .joined()
          .some(Boolean)
      ) {
        throw invalid('Expected zeros between frames');
      }
      yield { type, payload };
    }
  }

  /** Call when the stream has ended. Throws `FRAME_INVALID` if it ended inside a frame. */
  end(): void {
    if (this.#header || this.#queue.length > 0) throw invalid('The bytes end inside a frame');
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
}
