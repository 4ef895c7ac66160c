/** Holds outputs until it is their turn. */
export interface Reassembler<T> {
  put(index: number, value: T): void;
  /** All values whose turn it is, which are then no longer held. */
  take(): T[];
}

/** Values leave by index, from 0, each as soon as all before it have left. */
export class InOrder<T> implements Reassembler<T> {
  readonly #waiting = new Map<number, T>();
  #next = 0;

  put(index: number, value: T): void {
    this.#waiting.set(index, value);
  }

  take(): T[] {
    const ready: T[] = [];
    while (this.#waiting.has(this.#next)) {
      ready.push(this.#waiting.get(this.#next) as T);
      this.#waiting.delete(this.#next++);
    }
    return ready;
  }
}

/** Values leave as they came. */
export class AsCompleted<T> implements Reassembler<T> {
  #ready: T[] = [];

  put(_index: number, value: T): void {
    this.#ready.push(value);
  }

  take(): T[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }
}
