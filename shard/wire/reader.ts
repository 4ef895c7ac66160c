import { invalid, padded } from './limits.ts';

/** Reads the parts that a Writer wrote, and refuses to read past the end. */
export class Reader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView<ArrayBuffer>;
  #position = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  /** The bytes not yet read, without taking them. */
  rest(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(this.#position);
  }

  /** The next `length` bytes; the padding after them is skipped and must be zero. */
  take(length: number, what: string): Uint8Array<ArrayBuffer> {
    const size = padded(length);
    if (size > this.remaining) {
      throw invalid(`Expected ${size} bytes of ${what}, but only ${this.remaining} are left`);
    }
    const start = this.#position;
    this.#position += size;
    for (let at = start + length; at < this.#position; at++) {
      if (this.#bytes[at] !== 0) throw invalid(`Expected zeros after ${what}`);
    }
    return this.#bytes.subarray(start, start + length);
  }

  pair(what: string): [first: number, second: number] {
    const at = this.#position;
    this.take(8, what);
    return [this.#view.getUint32(at, true), this.#view.getUint32(at + 4, true)];
  }

  /** A u32 beside a reserved one, which must be zero. */
  word(what: string): number {
    const [value, reserved] = this.pair(what);
    if (reserved !== 0) throw invalid(`Expected the reserved word after ${what} to be 0`);
    return value;
  }

  end(what: string): void {
    if (this.remaining > 0) throw invalid(`${this.remaining} bytes are left over after ${what}`);
  }
}

/** The bytes themselves where their address allows a view of `alignment`-byte elements, else a copy. */
export function aligned(bytes: Uint8Array<ArrayBuffer>, alignment: number): Uint8Array<ArrayBuffer> {
  return bytes.byteOffset % alignment === 0 ? bytes : new Uint8Array(bytes);
}
