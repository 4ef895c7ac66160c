/** Milliseconds of the event loop that all answers together may take before it turns to others. */
const TURN_MS = 8;

/** Shares the event loop out: answers are written by many batches at once, and each piece takes its time. */
export class Turns {
  #spent = 0;
  #waiting: (() => void)[] = [];
  #scheduled = false;

  /** Does a short piece of synchronous work, at once or when the event loop has come round again. */
  async run<Result>(work: () => Result): Promise<Result> {
    // Who is woken in vain stands at the end of the line with all others that were, so the order stays.
    while (this.#spent >= TURN_MS) await new Promise<void>((wake) => this.#waiting.push(wake));
    const began = performance.now();
    try {
      return work();
    } finally {
      this.#spent += performance.now() - began;
      this.#schedule();
    }
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#spent = 0;
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }
}
