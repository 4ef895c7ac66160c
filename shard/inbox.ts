/** What comes at one's own pace, for one reader who takes it at its own. Holds what has not been taken. */
export class Inbox<T> implements AsyncIterable<T> {
  #held: T[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  push(value: T): void {
    if (this.#end) return;
    this.#held.push(value);
    this.#wake?.();
  }

  /** No more will come; what is held can still be taken. */
  end(): void {
    this.#end ??= {};
    this.#wake?.();
  }

  /** No more will come: the reader is told why, after what is held. */
  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      for (const value of this.#held.splice(0)) yield value;
      if (this.#held.length > 0) continue;
      if (this.#end) {
        if ('error' in this.#end) throw this.#end.error;
        return;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }
}
