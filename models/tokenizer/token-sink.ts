import type { Tokens } from '../contract.ts';

const initialCapacity = 4096;

/** Collects the ids of many texts. Its memory is kept between calls; what `finish` returns is a copy of its own. */
export class TokenSink {
  ids: Int32Array<ArrayBuffer> = new Int32Array(initialCapacity);
  length = 0;
  #offsets = new Uint32Array(1);
  #texts = 0;
  #truncated = 0;

  begin(texts: number): void {
    this.length = 0;
    this.#texts = 0;
    this.#truncated = 0;
    this.#offsets = new Uint32Array(texts + 1);
  }

  /** Makes room, so that the caller may write up to `count` more ids into `ids` and move `length` itself. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed > this.ids.length) {
      const grown = new Int32Array(Math.max(needed, this.ids.length * 2));
      grown.set(this.ids);
      this.ids = grown;
    }
  }

  endText(truncated: boolean): void {
    this.#texts += 1;
    this.#offsets[this.#texts] = this.length;
    this.#truncated += truncated ? 1 : 0;
  }

  finish(): Tokens {
    const tokens: Tokens = {
      ids: this.ids.slice(0, this.length),
      offsets: this.#offsets,
      truncated: this.#truncated,
    };
    this.#offsets = new Uint32Array(1);
    return tokens;
  }
}
