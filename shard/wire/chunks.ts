/** Bytes in the pieces in which they came, so that handing them on copies nothing. */
export class Chunks {
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
  readonly length: number;

  constructor(parts: readonly Uint8Array<ArrayBuffer>[]) {
    this.parts = parts;
    this.length = parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** All of it in one piece: a copy, unless it came so. */
  joined(): Uint8Array<ArrayBuffer> {
    const [first, ...others] = this.parts;
    if (first === undefined) return new Uint8Array();
    if (others.length === 0) return first;
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  /** The first `length` bytes, or all if there are fewer, in one piece. */
  head(length: number): Uint8Array<ArrayBuffer> {
    const [first] = this.parts;
    if (first !== undefined && first.length >= length) return first.subarray(0, length);
    return this.slice(0, Math.min(length, this.length)).joined();
  }

  slice(from: number, to: number): Chunks {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let at = 0;
    for (const part of this.parts) {
      const start = Math.max(from - at, 0);
      const end = Math.min(to - at, part.length);
      if (start < end) parts.push(part.subarray(start, end));
      at += part.length;
    }
    return new Chunks(parts);
  }
}

/** Chunks shorter than this are gathered, since each costs some hundred bytes for its own sake. */
const SMALL_BYTES = 1024;
const GATHER_BYTES = 16 * 1024;

/** Bytes that come in chunks and are taken in other lengths. Copies only what comes in very small chunks. */
export class ByteQueue {
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #length = 0;
  /** Where small chunks are gathered, and how much of it is used. */
  #gathered = new Uint8Array();
  #used = 0;

  get length(): number {
    return this.#length;
  }

  /** The chunk must not be written to afterwards. */
  push(chunk: Uint8Array): void {
    this.#length += chunk.length;
    if (chunk.length >= SMALL_BYTES) this.#chunks.push(chunk as Uint8Array<ArrayBuffer>);
    else if (chunk.length > 0) this.#gather(chunk);
  }

  #gather(chunk: Uint8Array): void {
    const last = this.#chunks.at(-1);
    const grows = last?.buffer === this.#gathered.buffer && this.#used + chunk.length <= GATHER_BYTES;
    if (!grows) {
      this.#gathered = new Uint8Array(GATHER_BYTES);
      this.#used = 0;
    }
    this.#gathered.set(chunk, this.#used);
    const start = grows ? last.byteOffset : 0;
    this.#used += chunk.length;
    const whole = this.#gathered.subarray(start, this.#used);
    if (grows) this.#chunks[this.#chunks.length - 1] = whole;
    else this.#chunks.push(whole);
  }

  /** The first `length` bytes; no more than there are. */
  take(length: number): Chunks {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let missing = length;
    let used = 0;
    while (missing > 0) {
      const chunk = this.#chunks[used]!;
      if (chunk.length > missing) {
        parts.push(chunk.subarray(0, missing));
        this.#chunks[used] = chunk.subarray(missing);
        missing = 0;
      } else {
        parts.push(chunk);
        missing -= chunk.length;
        used++;
      }
    }
    this.#chunks.splice(0, used);
    this.#length -= length;
    return new Chunks(parts);
  }
}
