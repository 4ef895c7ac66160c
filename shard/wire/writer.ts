import { padded } from './limits.ts';

/** A growing little-endian buffer. Every part starts and ends at a multiple of 8, with zeros between. */
export class Writer {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;
  #length = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(padded(capacity));
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** Room for `length` bytes, padded to 8, that the caller fills; valid until the next call. */
  reserve(length: number): Uint8Array<ArrayBuffer> {
    const start = this.#length;
    const end = start + padded(length);
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(padded(Math.max(end, this.#bytes.length * 2)));
      grown.set(this.#bytes.subarray(0, start));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = end;
    return this.#bytes.subarray(start, start + length);
  }

  /** Two u32 side by side: most parts of the protocol begin so. */
  pair(first: number, second: number): void {
    const at = this.#length;
    this.reserve(8);
    this.#view.setUint32(at, first, true);
    this.#view.setUint32(at + 4, second, true);
  }

  setUint32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }
}
