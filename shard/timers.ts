import type { Clock } from './contract.ts';

/** Timers that can be stopped together. */
export class Timers {
  readonly #clock: Clock;
  readonly #pending = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `callback` once after `milliseconds`; call the result to prevent it. */
  after(milliseconds: number, callback: () => void): () => void {
    const stop = this.#clock.after(Math.max(milliseconds, 0), () => {
      this.#pending.delete(stop);
      callback();
    });
    this.#pending.add(stop);
    return () => {
      this.#pending.delete(stop);
      stop();
    };
  }

  clear(): void {
    for (const stop of this.#pending) stop();
    this.#pending.clear();
  }
}
