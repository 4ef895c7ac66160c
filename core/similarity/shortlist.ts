/** What takes the scores of a search as they come. */
export interface Sink {
  /** Only greater scores are wanted. */
  floor(query: number): number;
  /** Takes one that is greater; answers the floor that holds then. */
  offer(query: number, score: number, row: number): number;
}

/**
 * The `capacity` best of each query, of scores that are numbers: greatest first, ties by row. Rows must come ascending.
 *
 * A heap with the worst on top: after the first, nearly every score is refused by one comparison.
 */
export class Shortlist implements Sink {
  readonly capacity: number;
  readonly #scores: Float32Array;
  readonly #rows: Uint32Array;
  readonly #held: Uint32Array;

  constructor(queries: number, capacity: number) {
    this.capacity = capacity;
    this.#scores = new Float32Array(queries * capacity);
    this.#rows = new Uint32Array(queries * capacity);
    this.#held = new Uint32Array(queries);
  }

  floor(query: number): number {
    return this.held(query) < this.capacity ? -Infinity : this.#scores[query * this.capacity]!;
  }

  held(query: number): number {
    return this.#held[query]!;
  }

  offer(query: number, score: number, row: number): number {
    const base = query * this.capacity;
    const held = this.#held[query]!;
    if (held < this.capacity) {
      this.#held[query] = held + 1;
      this.#rise(base, held, score, row);
    } else {
      this.#sink(base, held, score, row);
    }
    return this.floor(query);
  }

  /** What is held for a query, in no order. The views are good until the next offer. */
  entries(query: number): { readonly scores: Float32Array; readonly rows: Uint32Array } {
    const [from, to] = [query * this.capacity, query * this.capacity + this.#held[query]!];
    return { scores: this.#scores.subarray(from, to), rows: this.#rows.subarray(from, to) };
  }

  #rise(base: number, from: number, score: number, row: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#isWorse(base + parent, score, row)) break;
      this.#move(base + parent, base + at);
      at = parent;
    }
    this.#put(base + at, score, row);
  }

  #sink(base: number, held: number, score: number, row: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= held) break;
      const right = base + child + 1;
      if (child + 1 < held && this.#isWorse(right, this.#scores[base + child]!, this.#rows[base + child]!)) child++;
      if (!this.#isWorse(base + child, score, row)) break;
      this.#move(base + child, base + at);
      at = child;
    }
    this.#put(base + at, score, row);
  }

  #isWorse(at: number, score: number, row: number): boolean {
    const held = this.#scores[at]!;
    return held < score || (held === score && this.#rows[at]! > row);
  }

  #move(from: number, to: number): void {
    this.#scores[to] = this.#scores[from]!;
    this.#rows[to] = this.#rows[from]!;
  }

  #put(at: number, score: number, row: number): void {
    this.#scores[at] = score;
    this.#rows[at] = row;
  }
}

/** All rows of each query above a floor that is known beforehand. */
export class Above implements Sink {
  readonly #floors: readonly number[];
  readonly #rows: number[][];

  constructor(floors: readonly number[]) {
    this.#floors = floors;
    this.#rows = floors.map(() => []);
  }

  floor(query: number): number {
    return this.#floors[query]!;
  }

  offer(query: number, _score: number, row: number): number {
    this.#rows[query]!.push(row);
    return this.#floors[query]!;
  }

  /** Ascending, as they came. */
  rows(query: number): readonly number[] {
    return this.#rows[query]!;
  }
}
