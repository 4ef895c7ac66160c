import { precedes } from './order.ts';

/**
 * Selects the `k` best of a row of scores: score descending, NaN last, ties by position.
 *
 * A heap of the best so far with the worst on top: after the first `k`, nearly every score is refused by one comparison.
 */
export class Selector {
  readonly k: number;
  readonly #scores: Float32Array;
  readonly #positions: Uint32Array;
  #held = 0;

  constructor(k: number) {
    this.k = k;
    this.#scores = new Float32Array(k);
    this.#positions = new Uint32Array(k);
  }

  /** Writes `min(k, scores.length)` positions and scores, best first, and answers how many. */
  select(scores: Float32Array, intoPositions: Uint32Array, intoScores: Float32Array): number {
    this.#held = 0;
    const count = scores.length;
    const first = Math.min(this.k, count);
    for (let position = 0; position < first; position++) this.#push(scores[position] ?? Number.NaN, position);
    let worst = this.#scores[0] ?? Number.NaN;
    let position = first;
    // While NaN is held, any number displaces it.
    for (; position < count && worst !== worst; position++) {
      const score = scores[position]!;
      if (score === score) worst = this.#replaceWorst(score, position);
    }
    // Nearly every score ends here. Positions ascend, so an equal one displaces nothing, and neither does NaN.
    for (; position < count; position++) {
      const score = scores[position]!;
      if (score > worst) worst = this.#replaceWorst(score, position);
    }
    const held = this.#held;
    while (this.#held > 0) {
      const last = this.#held - 1;
      intoPositions[last] = this.#positions[0] ?? 0;
      intoScores[last] = this.#scores[0] ?? Number.NaN;
      this.#held = last;
      if (last > 0) this.#sink(this.#scores[last] ?? Number.NaN, this.#positions[last] ?? 0);
    }
    return held;
  }

  /** Answers the score that is the worst then. */
  #replaceWorst(score: number, position: number): number {
    this.#sink(score, position);
    return this.#scores[0]!;
  }

  #push(score: number, position: number): void {
    let at = this.#held++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!precedes(this.#scores[parent] ?? 0, this.#positions[parent] ?? 0, score, position)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#scores[at] = score;
    this.#positions[at] = position;
  }

  /** Puts an entry at the top and lets it sink to its place. */
  #sink(score: number, position: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#held) break;
      const right = child + 1;
      if (right < this.#held && this.#isWorseAt(right, child)) child = right;
      if (!precedes(score, position, this.#scores[child] ?? 0, this.#positions[child] ?? 0)) break;
      this.#move(child, at);
      at = child;
    }
    this.#scores[at] = score;
    this.#positions[at] = position;
  }

  #isWorseAt(a: number, b: number): boolean {
    return precedes(this.#scores[b] ?? 0, this.#positions[b] ?? 0, this.#scores[a] ?? 0, this.#positions[a] ?? 0);
  }

  #move(from: number, to: number): void {
    this.#scores[to] = this.#scores[from] ?? 0;
    this.#positions[to] = this.#positions[from] ?? 0;
  }
}
