const EMPTY = Symbol('no output');
const INITIAL_CAPACITY = 1024;

/**
 * Outputs that wait to be taken: by the position of their inputs, each as soon as all before it are there, or as they
 * came. A ring, as long as the most that ever waited at once, so that an output costs a few writes and no object.
 */
export class Outputs<T> {
  readonly #ordered: boolean;
  #values: (T | typeof EMPTY)[] = Array.from({ length: INITIAL_CAPACITY }, () => EMPTY);
  /** Estimated bytes of each. */
  #sizes: number[] = Array.from({ length: INITIAL_CAPACITY }, () => 0);
  #arrived = 0;
  #taken = 0;
  #bytes = 0;

  constructor(ordered: boolean) {
    this.#ordered = ordered;
  }

  /** How many were taken. */
  get taken(): number {
    return this.#taken;
  }

  /** Estimated bytes of all that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether `take` has something to give. */
  get ready(): boolean {
    return this.#values[this.#taken & (this.#values.length - 1)] !== EMPTY;
  }

  /** Each index from 0 must be put once. */
  put(index: number, value: T, bytes: number): void {
    const turn = this.#ordered ? index : this.#arrived++;
    while (turn - this.#taken >= this.#values.length) this.#grow();
    const place = turn & (this.#values.length - 1);
    this.#values[place] = value;
    this.#sizes[place] = bytes;
    this.#bytes += bytes;
  }

  /** The next output, which is then no longer held. Only while `ready`. */
  take(): T {
    const place = this.#taken++ & (this.#values.length - 1);
    const value = this.#values[place] as T;
    this.#values[place] = EMPTY;
    this.#bytes -= this.#sizes[place]!;
    return value;
  }

  #grow(): void {
    const [values, sizes] = [this.#values, this.#sizes];
    const { length } = values;
    // A position keeps its place or moves up by the old length, as its next bit tells.
    this.#values = Array.from({ length: 2 * length }, () => EMPTY);
    this.#sizes = Array.from({ length: 2 * length }, () => 0);
    for (let turn = this.#taken; turn < this.#taken + length; turn++) {
      const place = turn & (2 * length - 1);
      this.#values[place] = values[turn & (length - 1)]!;
      this.#sizes[place] = sizes[turn & (length - 1)]!;
    }
  }
}
