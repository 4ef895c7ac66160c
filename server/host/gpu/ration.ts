import type { GpuNeed } from '../../../shard/app/definition.ts';
import type { Lease, Shelf } from './shelf.ts';

export interface RationOptions {
  readonly shelf: Shelf;
  readonly request: GpuNeed;
  /** One is free that there was none of before. */
  readonly onFree: () => void;
  /** Others wait for one. */
  readonly onWanted: () => void;
}

/** What the workers of one function may have of a node's GPUs: one each, of those that fit. */
export class Ration {
  readonly #options: RationOptions;
  #waits: Disposable | undefined;

  constructor(options: RationOptions) {
    this.#options = options;
  }

  /** Whether one is free. */
  get available(): boolean {
    return this.#options.shelf.hasFree(this.#options.request);
  }

  /** One that is free; if none is, waits for one. */
  take(): Lease | undefined {
    const { shelf, request, onFree } = this.#options;
    const lease = shelf.take(request, this.#options);
    if (lease) this.rest();
    else {
      this.#waits ??= shelf.wait(request, this.#options, () => {
        this.#waits = undefined;
        onFree();
      });
    }
    return lease;
  }

  /** Waits no more. */
  rest(): void {
    this.#waits?.[Symbol.dispose]();
    this.#waits = undefined;
  }
}
