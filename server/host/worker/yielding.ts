import type { Items } from '../../../shard/app/generator.ts';

export interface YieldingOptions {
  /** Items that may wait to be taken. */
  readonly ahead: number;
  readonly signal: AbortSignal;
  /** Throws if the items can't travel. */
  readonly send: (items: readonly unknown[]) => void;
}

/** A generator that goes on as its items are taken, and sends together what it yields in one turn of the event loop. */
export class Yielding {
  readonly #options: YieldingOptions;
  #items: unknown[] = [];
  #yielded = 0;
  #taken = 0;
  #flush: NodeJS.Immediate | undefined;
  #unsendable: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(options: YieldingOptions) {
    this.#options = options;
  }

  /** How many items have been taken in all. */
  taken(count: number): void {
    this.#taken = Math.max(this.#taken, count);
    this.#wake?.();
  }

  /** Resolves when the generator has ended and all is sent. Throws what it throws, the signal's reason if that aborts. */
  async run(generator: Items): Promise<void> {
    const { signal } = this.#options;
    const onAbort = (): void => this.#wake?.();
    signal.addEventListener('abort', onAbort, { once: true });
    let ended = false;
    try {
      for (;;) {
        await this.#room();
        signal.throwIfAborted();
        if (this.#unsendable) throw this.#unsendable.error;
        const step = await generator.next();
        if (step.done) break;
        this.#yielded++;
        this.#items.push(step.value);
        this.#flush ??= setImmediate(() => this.#sendNow());
      }
      ended = true;
    } catch (error) {
      // A generator that has thrown has ended; one that is left behind runs its `finally`.
      await generator.return(undefined);
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#sendNow();
    }
    if (ended && this.#unsendable) throw (this.#unsendable as { readonly error: unknown }).error;
  }

  /** Some item can't travel: those before it do. */
  #sendEach(items: readonly unknown[]): void {
    try {
      for (const item of items) this.#options.send([item]);
    } catch (error) {
      this.#unsendable = { error };
      this.#wake?.();
    }
  }

  async #room(): Promise<void> {
    while (this.#yielded - this.#taken >= this.#options.ahead && !this.#options.signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  #sendNow(): void {
    clearImmediate(this.#flush);
    this.#flush = undefined;
    const items = this.#items;
    if (items.length === 0) return;
    this.#items = [];
    try {
      this.#options.send(items);
    } catch {
      this.#sendEach(items);
    }
  }
}
