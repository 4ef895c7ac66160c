import type { Thread } from '../thread/contract.ts';
import type { Best, Explanation, SearchOptions, StoreOptions } from './contract.ts';
import type { VectorMethods } from './vectors.worker.ts';

interface Signalled {
  readonly signal?: AbortSignal | undefined;
}

/** One store of the vector thread, seen from here. Calls reach it in the order they were made, also before it has started. */
export class RemoteStore {
  readonly options: StoreOptions;
  readonly #thread: Promise<Thread<VectorMethods>>;
  readonly #number: number;

  constructor(thread: Promise<Thread<VectorMethods>>, number: number, options: StoreOptions) {
    this.options = options;
    this.#number = number;
    this.#thread = thread.then(async (started) => {
      await started.call('open', [number, options]);
      return started;
    });
    // Told to whoever calls.
    this.#thread.catch(() => {});
  }

  /** Takes ownership of the buffers. */
  write(rows: Uint32Array<ArrayBuffer>, vectors: Float32Array<ArrayBuffer>): Promise<void> {
    return this.#thread.then((thread) =>
      thread.call('write', [this.#number, rows, vectors], { transfer: [rows.buffer, vectors.buffer] }),
    );
  }

  keep(rows: Uint32Array<ArrayBuffer>): Promise<void> {
    return this.#thread.then((thread) => thread.call('keep', [this.#number, rows], { transfer: [rows.buffer] }));
  }

  score(
    queries: Float32Array<ArrayBuffer>,
    queryOf: Uint32Array<ArrayBuffer>,
    rows: Uint32Array<ArrayBuffer>,
    { signal }: Signalled = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    return this.#thread.then((thread) =>
      thread.call('score', [this.#number, queries, queryOf, rows], {
        transfer: [queries.buffer, queryOf.buffer, rows.buffer],
        ...(signal && { signal }),
      }),
    );
  }

  topK(queries: Float32Array<ArrayBuffer>, { signal, ...options }: SearchOptions & Signalled): Promise<Best> {
    return this.#thread.then((thread) =>
      thread.call('topK', [this.#number, queries, options], {
        transfer: [queries.buffer],
        ...(signal && { signal }),
      }),
    );
  }

  explain(shape: { readonly queries: number; readonly k: number }): Promise<Explanation> {
    return this.#thread.then((thread) => thread.call('explain', [this.#number, shape]));
  }

  drop(): Promise<void> {
    return this.#thread.then((thread) => thread.call('drop', [this.#number]));
  }
}
