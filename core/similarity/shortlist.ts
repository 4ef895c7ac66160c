/** What takes the scores of a search as they come. */
export interface Sink {
  /** Only greater scores are wanted. */
  floor(query: number): number;
  /** As `floor`, before these are offered, among others: scores of as many rows, which are moved about. */
  raised(query: number, scores: Float32Array): number;
  /** Takes one that is greater; answers the floor that holds then. */
  offer(query: number, score: number, row: number): number;
}

/**
 * At least the `least` best of each query, of scores that are numbers. What is offered is appended, and when twice as
 * many are held, all but the best are dropped: less work for each than a heap has.
 */
export class Shortlist implements Sink {
  readonly #least: number;
  readonly #room: number;
  readonly #scores: Float32Array;
  readonly #rows: Uint32Array;
  readonly #held: Uint32Array;
  readonly #floors: Float64Array;

  constructor(queries: number, least: number) {
    this.#least = least;
    this.#room = 2 * least;
    this.#scores = new Float32Array(queries * this.#room);
    this.#rows = new Uint32Array(queries * this.#room);
    this.#held = new Uint32Array(queries);
    this.#floors = new Float64Array(queries).fill(-Infinity);
  }

  floor(query: number): number {
    return this.#floors[query]!;
  }

  raised(query: number, scores: Float32Array): number {
    if (this.#held[query] === 0 && scores.length >= this.#least) {
      const reached = partition(scores, undefined, this.#least);
      // As many rows have this score or a greater one; it is itself still wanted.
      this.#floors[query] = reached - Math.abs(reached) * 2 ** -23 - 2 ** -140;
    }
    return this.#floors[query]!;
  }

  offer(query: number, score: number, row: number): number {
    const base = query * this.#room;
    const held = this.#held[query]!;
    this.#scores[base + held] = score;
    this.#rows[base + held] = row;
    if (held + 1 < this.#room) {
      this.#held[query] = held + 1;
      return this.#floors[query]!;
    }
    const [scores, rows] = [this.#scores, this.#rows].map((all) => all.subarray(base, base + this.#room));
    const worst = partition(scores as Float32Array, rows as Uint32Array, this.#least);
    this.#held[query] = this.#least;
    this.#floors[query] = worst;
    return worst;
  }

  /** What is held for a query, in no order: every row that was offered and whose score is above the floor. */
  entries(query: number): { readonly scores: Float32Array; readonly rows: Uint32Array } {
    const [from, to] = [query * this.#room, query * this.#room + this.#held[query]!];
    return { scores: this.#scores.subarray(from, to), rows: this.#rows.subarray(from, to) };
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

  raised(query: number): number {
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

/** Moves the `count` greatest to the front, rows with them, and answers the least of those (Hoare's selection). */
export function partition(scores: Float32Array, rows: Uint32Array | undefined, count: number): number {
  const wanted = count - 1;
  let [low, high] = [0, scores.length - 1];
  while (low < high) {
    const pivot = scores[(low + high) >>> 1]!;
    let [left, right] = [low, high];
    while (left <= right) {
      while (scores[left]! > pivot) left++;
      while (scores[right]! < pivot) right--;
      if (left > right) break;
      const score = scores[left]!;
      scores[left] = scores[right]!;
      scores[right] = score;
      if (rows !== undefined) {
        const row = rows[left]!;
        rows[left] = rows[right]!;
        rows[right] = row;
      }
      left++;
      right--;
    }
    if (wanted <= right) high = right;
    else if (wanted >= left) low = left;
    else break;
  }
  return scores[wanted]!;
}
