import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../shard/contract.ts';

/** A clock that stands still until all that can happen has happened, and then jumps to the next timer. */
export class FakeClock implements Clock {
  /** Milliseconds by which timers fire before the clock says so, as real ones do. */
  readonly early: number;
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  constructor(early = 0) {
    this.early = early;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { at: this.#now + milliseconds, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const cancel = this.after(milliseconds, resolve);
    signal?.addEventListener('abort', () => {
      cancel();
      reject(signal.reason as Error);
    });
    await promise;
  }

  /** Lets time pass until the promise settles. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    for (let idle = 0; !settled;) {
      await setImmediate();
      if (settled) break;
      const next = [...this.#timers].toSorted((a, b) => a.at - b.at)[0];
      if (!next) {
        if (++idle > 20) throw new Error('Nothing is left to happen, but the promise has not settled');
        continue;
      }
      idle = 0;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at - this.early);
      next.callback();
    }
    return promise;
  }
}
