import { estimateBytes } from './bytes.ts';
import type { Clock, Inputs } from './contract.ts';
import { isAsyncIterable, iteratorOf } from './iterables.ts';

export interface SourceOptions {
  readonly clock: Clock;
  /** Milliseconds that a started batch waits for a slow source before it leaves as it is. */
  readonly linger: number;
  /** Called when `take` may have more to give than before. */
  readonly onReady: () => void;
  /** Called once if reading throws. */
  readonly onError: (error: unknown) => void;
}

/** Reads inputs no sooner than they are asked for. */
export class Source<I> {
  readonly #iterator: Iterator<I> | AsyncIterator<I>;
  readonly #asynchronous: boolean;
  readonly #options: SourceOptions;
  #buffer: I[] = [];
  /** Estimated bytes of each input in the buffer. */
  #sizes: number[] = [];
  #bytes = 0;
  #wanted = { count: 0, bytes: 0 };
  #reading = false;
  #over = false;
  #lingered = false;
  #stopLinger: (() => void) | undefined;

  constructor(inputs: Inputs<I>, options: SourceOptions) {
    this.#iterator = iteratorOf(inputs);
    this.#asynchronous = isAsyncIterable(inputs);
    this.#options = options;
  }

  /** True once the last input was taken. */
  get exhausted(): boolean {
    return this.#over && this.#buffer.length === 0;
  }

  /**
   * A batch of up to `count` inputs and about `maxBytes`, or nothing if one isn't ready yet: then it is being read,
   * and `onReady` follows.
   */
  take(count: number, maxBytes: number): I[] {
    this.#wanted = { count, bytes: maxBytes };
    if (!this.#asynchronous) this.#readNow();
    else if (!this.#over && this.#hungry() && !(this.#lingered && this.#buffer.length > 0)) {
      if (!this.#reading) void this.#readOn();
      return [];
    }
    return this.#cut(count, maxBytes);
  }

  /** Reads one input ahead, so that it is known whether there is any. */
  peek(): void {
    if (this.#over || this.#buffer.length > 0 || this.#reading) return;
    this.#wanted = { count: 1, bytes: Infinity };
    if (this.#asynchronous) void this.#readOn();
    else this.#readNow();
  }

  /** Tells the source that no more is wanted. Waits for it, unless it is busy with a read that may never end. */
  async close(): Promise<void> {
    this.#stopLinger?.();
    if (this.#over) return;
    this.#over = true;
    this.#empty();
    const closing = (async () => this.#iterator.return?.())();
    if (this.#reading) closing.catch(() => {});
    else await closing;
  }

  /** Whether the buffer lacks what was last asked for. */
  #hungry(): boolean {
    return this.#buffer.length < this.#wanted.count && this.#bytes < this.#wanted.bytes;
  }

  #cut(count: number, maxBytes: number): I[] {
    let bytes = 0;
    let length = 0;
    while (length < count && length < this.#buffer.length) {
      const size = this.#sizes[length]!;
      if (length > 0 && bytes + size > maxBytes) break;
      bytes += size;
      length++;
    }
    const batch = this.#cutOff(length);
    this.#bytes -= bytes;
    // Reading that goes on meanwhile stays within what was asked for.
    this.#wanted.count -= length;
    this.#restartLinger();
    return batch;
  }

  /** The first `length` inputs, which mostly are all of them. */
  #cutOff(length: number): I[] {
    if (length < this.#buffer.length) {
      this.#sizes.splice(0, length);
      return this.#buffer.splice(0, length);
    }
    const batch = this.#buffer;
    this.#buffer = [];
    this.#sizes = [];
    return batch;
  }

  #readNow(): void {
    const iterator = this.#iterator as Iterator<I>;
    while (!this.#over && this.#hungry()) {
      try {
        this.#add(iterator.next());
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  async #readOn(): Promise<void> {
    this.#reading = true;
    try {
      while (!this.#over && this.#hungry()) {
        const next = await this.#iterator.next();
        // Closed in the meantime: what came is not wanted.
        if (this.#over) return;
        this.#add(next);
      }
    } catch (error) {
      if (!this.#over) this.#fail(error);
      return;
    } finally {
      this.#reading = false;
    }
    this.#options.onReady();
  }

  #add(next: IteratorResult<I>): void {
    if (next.done) {
      this.#over = true;
      return;
    }
    const size = estimateBytes(next.value);
    this.#buffer.push(next.value);
    this.#sizes.push(size);
    this.#bytes += size;
    if (this.#buffer.length === 1) this.#restartLinger();
  }

  #fail(error: unknown): void {
    this.#over = true;
    this.#empty();
    this.#options.onError(error);
  }

  #empty(): void {
    this.#buffer = [];
    this.#sizes = [];
    this.#bytes = 0;
    this.#stopLinger?.();
  }

  #restartLinger(): void {
    this.#stopLinger?.();
    this.#stopLinger = undefined;
    this.#lingered = false;
    if (!this.#asynchronous || this.#buffer.length === 0 || this.#over) return;
    this.#stopLinger = this.#options.clock.after(this.#options.linger, () => {
      this.#lingered = true;
      this.#options.onReady();
    });
  }
}
