import type { Engine } from '../../core/contract.ts';
import type { BatchName, Outputs } from '../../core/functions/contract.ts';

export interface TaskOptions {
  /** Name in its app. */
  readonly function: string;
  /** Milliseconds that one run of the handler may take. */
  readonly timeout: number | undefined;
  readonly engine: Engine;
  readonly batch: BatchName;
  readonly spread: boolean;
  readonly signal: AbortSignal;
  readonly inputs: readonly unknown[];
  readonly indices: readonly number[];
}

/** Inputs of one batch until each has an output or a failure, wherever and however often they are run. */
export class Task {
  readonly options: TaskOptions;
  readonly outputs: Promise<Outputs>;
  readonly #settled = Promise.withResolvers<Outputs>();
  readonly #values: unknown[];
  readonly #open: Set<number>;
  readonly #failures = new Map<number, Error>();
  #over = false;

  constructor(options: TaskOptions) {
    this.options = options;
    this.outputs = this.#settled.promise;
    // Rejected by abort, perhaps when nobody listens any more.
    this.outputs.catch(() => {});
    this.#values = Array.from<unknown>({ length: options.inputs.length });
    this.#open = new Set(options.inputs.keys());
  }

  /** Whether nobody waits for more. */
  get over(): boolean {
    return this.#over;
  }

  /** Whether an input has neither output nor failure. */
  isOpen(position: number): boolean {
    return this.#open.has(position);
  }

  value(position: number, value: unknown): void {
    if (!this.#open.delete(position)) return;
    this.#values[position] = value;
    this.#finish();
  }

  failure(position: number, error: Error): void {
    if (!this.#open.delete(position)) return;
    this.#failures.set(position, error);
    this.#finish();
  }

  /** Ends the task as a whole. */
  reject(reason: unknown): void {
    this.#over = true;
    this.#settled.reject(reason);
  }

  #finish(): void {
    if (this.#open.size > 0) return;
    this.#over = true;
    this.#settled.resolve({ kind: 'values', values: this.#values, failures: this.#failures });
  }
}
