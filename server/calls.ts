import { LRUCache } from 'lru-cache';
import { ServerError } from './errors.ts';

/** Cancelled calls that are remembered, so that their batches still on the way are refused too. */
const REMEMBERED = 10_000;

/** The batches that run here, by call, so that a call can be cancelled as a whole. */
export class Calls {
  readonly #running = new Map<string, Set<AbortController>>();
  readonly #cancelled = new LRUCache<string, true>({ max: REMEMBERED });
  readonly #all = new Set<AbortController>();

  /** Enters a batch until disposed. Throws `CALL_CANCELLED`. */
  enter(controller: AbortController): Disposable & { name(call: string): void } {
    this.#all.add(controller);
    let named: string | undefined;
    return {
      name: (call) => {
        if (this.#cancelled.has(call)) throw cancelled(call);
        named = call;
        const batches = this.#running.get(call) ?? new Set();
        this.#running.set(call, batches.add(controller));
      },
      [Symbol.dispose]: () => {
        this.#all.delete(controller);
        if (named === undefined) return;
        const batches = this.#running.get(named);
        batches?.delete(controller);
        if (batches?.size === 0) this.#running.delete(named);
      },
    };
  }

  /** Stops the batches of a call, now and later. */
  cancel(call: string): void {
    this.#cancelled.set(call, true);
    for (const controller of this.#running.get(call) ?? []) controller.abort(cancelled(call));
  }

  /** Stops every batch. */
  abortAll(reason: ServerError): void {
    for (const controller of this.#all) controller.abort(reason);
  }
}

function cancelled(call: string): ServerError {
  return new ServerError('CALL_CANCELLED', `Call ${JSON.stringify(call)} was cancelled`);
}
