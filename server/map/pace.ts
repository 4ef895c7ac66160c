/** Milliseconds that making one piece of an answer should take: well below what other clients would notice. */
const TARGET_MS = 4;
const FIRST_SIZE = 8;
const MAX_SIZE = 4096;

/** Cuts outputs into pieces that take about the same time to encode, however heavy one output is. */
export class Pace {
  #size = FIRST_SIZE;

  /** The pieces that `encode` makes of the ranges `[from, to)`, which cover `count`; each made when asked for. */
  *pieces<Piece>(count: number, encode: (from: number, to: number) => Piece): Generator<Piece, void, undefined> {
    for (let from = 0; from < count;) {
      const to = Math.min(count, from + this.#size);
      const began = performance.now();
      const piece = encode(from, to);
      const taken = performance.now() - began;
      if (taken > TARGET_MS) this.#size = Math.max(1, this.#size >> 1);
      else if (taken < TARGET_MS / 2) this.#size = Math.min(MAX_SIZE, this.#size * 2);
      yield piece;
      from = to;
    }
  }
}
