import type { PumpSettings } from './options.ts';
import type { Outputs } from './outputs.ts';
import type { Source } from './source.ts';
import type { Task } from './task.ts';

/** Cuts inputs into tasks, as far as the window allows: the bound on what is read and not yet taken. */
export class Intake<I> {
  readonly #source: Source<I>;
  readonly #outputs: Outputs<unknown>;
  readonly #settings: PumpSettings;
  readonly #number: () => number;
  #read = 0;
  /** How many outputs must be taken before there is room again. */
  #resumeAt = Infinity;

  constructor(source: Source<I>, outputs: Outputs<unknown>, settings: PumpSettings, number: () => number) {
    this.#source = source;
    this.#outputs = outputs;
    this.#settings = settings;
    this.#number = number;
  }

  /** Whether all inputs are read and all their outputs taken. */
  get finished(): boolean {
    return this.#source.exhausted && this.#outputs.taken === this.#read;
  }

  /** Whether `cut` gave nothing since `reset` because too many outputs were not taken, and now may. */
  get resumable(): boolean {
    return this.#outputs.taken >= this.#resumeAt;
  }

  reset(): void {
    this.#resumeAt = Infinity;
  }

  /**
   * A task of about `size` inputs, or none if there is no room for it or none is ready. `capacity` is what all lanes
   * together can have in flight: three times that keeps them busy behind one slow batch, and little is wasted.
   */
  cut(size: number, capacity: number): Task<I> | undefined {
    const { maxBatchBytes, windowBytes, window: most } = this.#settings;
    if (this.#source.exhausted) return undefined;
    const window = Math.min(most, 3 * capacity);
    const { home, count } = this.#range(this.#read, Math.min(size, window));
    // Waiting for a fair share of the window keeps a slow consumer from being fed one input at a time.
    const needed = Math.min(count, Math.ceil(window / 4));
    const room = window - (this.#read - this.#outputs.taken);
    if (room < needed || this.#outputs.bytes > windowBytes) {
      this.#resumeAt = Math.min(this.#resumeAt, this.#outputs.taken + Math.max(1, needed - room));
      return undefined;
    }
    const inputs = this.#source.take(Math.min(count, room), maxBatchBytes);
    if (inputs.length === 0) return undefined;
    const first = this.#read;
    this.#read += inputs.length;
    const indices = inputs.map((_, offset) => first + offset);
    return { number: this.#number(), attempt: 0, indices, inputs, failures: 0, losses: 0, suspicion: 0, home };
  }

  /** How many inputs from `first` on may be in one batch, and the lane that they belong to. */
  #range(first: number, most: number): { readonly home?: string; readonly count: number } {
    const { homeOf } = this.#settings;
    const home = homeOf?.(first);
    if (home) return { home: home.lane, count: Math.max(1, Math.min(most, home.end - first)) };
    let count = homeOf ? 1 : most;
    while (count < most && homeOf?.(first + count) === undefined) count++;
    return { count };
  }
}
