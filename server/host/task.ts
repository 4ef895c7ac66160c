import type { Engine } from '../../core/contract.ts';
import type { BatchName } from '../../core/functions/contract.ts';
import type { RoutedOutcome } from '../../core/functions/routed.ts';
import type { Block } from '../../shard/wire/block.ts';
import type { Sink } from './sink.ts';

export interface TaskOptions {
  /** Name in its app. */
  readonly function: string;
  /** Milliseconds that one run of the handler may take. */
  readonly timeout: number | undefined;
  readonly engine: Engine;
  readonly batch: BatchName;
  readonly spread: boolean;
  readonly signal: AbortSignal;
  readonly blocks: readonly Block[];
  /** Takes the items of the one input, if these are streamed. */
  readonly sink?: Sink;
}

/** Bytes of outputs that may wait for whoever takes them, before the workers of the task are held up. */
const HOLD_BYTES = 8 * 1024 * 1024;

/** The inputs of one batch until each has an output or a failure, wherever and however often they are run. */
export class Task {
  readonly options: TaskOptions;
  readonly count: number;
  /** By position: whether it has an outcome. */
  readonly #closed: Uint8Array;
  readonly #onFull: (full: boolean) => void;
  #left: number;
  #ready: RoutedOutcome[] = [];
  #held = 0;
  #full = false;
  #rejected: { readonly reason: unknown } | undefined;
  #wake: (() => void) | undefined;
  readonly #leave: (() => void) | undefined;

  /** `onFull` hears when the task becomes `full`, and when that is over. */
  constructor(options: TaskOptions, onFull: (full: boolean) => void = () => {}) {
    this.options = options;
    this.count = options.blocks.reduce((sum, { count }) => sum + count, 0);
    this.#closed = new Uint8Array(this.count);
    this.#left = this.count;
    this.#onFull = onFull;
    const { audience } = options.batch;
    this.#leave = audience?.subscribe(() => this.#hold(0));
    this.#full = audience?.gone ?? false;
  }

  /** Whether nobody waits for more. */
  get over(): boolean {
    return this.#rejected !== undefined || this.#left === 0;
  }

  /** Whether too much waits to be taken, or nobody is there to take it. */
  get full(): boolean {
    return this.#full;
  }

  /** Whether an input has neither output nor failure. */
  isOpen(position: number): boolean {
    return this.#closed[position] === 0;
  }

  /**
   * Outputs of consecutive inputs. They count together or not at all: where one of them is not awaited, the others are
   * left to be run again.
   */
  encoded(first: number, block: Block): void {
    const end = first + block.count;
    for (let position = first; position < end; position++) if (!this.isOpen(position)) return;
    this.#closed.fill(1, first, end);
    this.#add({ kind: 'encoded', first, block }, block.count);
  }

  failure(position: number, error: Error): void {
    if (!this.isOpen(position)) return;
    this.#closed[position] = 1;
    this.#add({ kind: 'failure', index: position, error }, 1);
  }

  /** Ends the task as a whole. */
  reject(reason: unknown): void {
    this.#rejected ??= { reason };
    this.#leave?.();
    this.#ready = [];
    this.#wake?.();
  }

  /** What becomes of the inputs, as it becomes known. Throws what the task is rejected with. */
  async *outcomes(): AsyncGenerator<RoutedOutcome, void, undefined> {
    for (;;) {
      if (this.#rejected) throw this.#rejected.reason;
      const next = this.#ready.shift();
      if (next) {
        yield next;
        this.#hold(-bytesOf(next));
      } else if (this.#left === 0) return;
      else {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        await promise;
      }
    }
  }

  #add(outcome: RoutedOutcome, count: number): void {
    if (this.#rejected) return;
    this.#left -= count;
    this.#ready.push(outcome);
    this.#hold(bytesOf(outcome));
    this.#wake?.();
  }

  #hold(bytes: number): void {
    this.#held += bytes;
    const most = this.#full ? HOLD_BYTES / 2 : HOLD_BYTES;
    const full = this.#held > most || (this.options.batch.audience?.gone ?? false);
    if (full === this.#full) return;
    this.#full = full;
    this.#onFull(full);
  }
}

function bytesOf(outcome: RoutedOutcome): number {
  return outcome.kind === 'encoded' ? outcome.block.bytes.length : 0;
}
