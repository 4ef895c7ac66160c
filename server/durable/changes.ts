import type { Clock } from '../clock.ts';
import { pause } from '../pause.ts';

/** Milliseconds between two looks at a store that others may have changed. */
export const LOOK_MS = 250;
/** Milliseconds that who waits is spared further looks after one, however fast things change. */
const REST_MS = 20;

/** Tells those who wait for calls that they may have changed here; who waits looks now and then besides. */
export class Changes {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #workers = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A call may have changed. */
  changed(call: string): void {
    for (const wake of this.#waiting.get(call) ?? []) wake();
  }

  /** There may be work that was not there before. */
  worked(): void {
    for (const wake of this.#workers) wake();
  }

  /** Calls back whenever there may be work, until the function that it returns is called. */
  onWork(callback: () => void): () => void {
    this.#workers.add(callback);
    return () => void this.#workers.delete(callback);
  }

  /**
   * Reads until what was read is good, `milliseconds` have passed or the signal aborts, and gives what was read last.
   * Reads again when the call has changed here, and every 250 ms.
   */
  async until<Read>(
    call: string,
    read: () => Promise<Read>,
    good: (read: Read) => boolean,
    { milliseconds, signal }: { readonly milliseconds: number; readonly signal: AbortSignal },
  ): Promise<Read> {
    const end = this.#clock.now() + milliseconds;
    for (;;) {
      // Listened to before it is read, so that no change is missed between the two.
      using change = this.#listen(call);
      const latest = await read();
      if (good(latest)) return latest;
      await pause(this.#clock, Math.min(REST_MS, end - this.#clock.now()), { signal });
      await pause(this.#clock, Math.min(LOOK_MS, end - this.#clock.now()), { signal, sooner: change.happened });
      if (this.#clock.now() >= end || signal.aborted) return latest;
    }
  }

  #listen(call: string): Disposable & { readonly happened: Promise<void> } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(call) ?? new Set();
    this.#waiting.set(call, waiting.add(resolve));
    return {
      happened: promise,
      [Symbol.dispose]: () => {
        waiting.delete(resolve);
        if (waiting.size === 0) this.#waiting.delete(call);
      },
    };
  }
}
