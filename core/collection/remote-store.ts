import type { Thread } from '../thread/contract.ts';
import type { Best } from './contract.ts';
import type { VectorMethods } from './vectors.worker.ts';

interface Signalled {
  readonly signal?: AbortSignal | undefined;
}

/** One store of the vector thread, seen from here. Calls reach it in the order they were made, also before it has started. */
export class RemoteStore {
  readonly dims: number;
  readonly #thread: Promise<Thread<VectorMethods>>;
  readonly #number: number;

  constructor(thread: Promise<Thread<VectorMethods>>, number: number, dims: number) {
    this.dims = dims;
    this.#number = number;
    this.#thread = thread.then(async (started) => {
      await started.call('open', [number, dims]);
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

  topK(queries: Float32Array<ArrayBuffer>, k: number, { signal }: Signalled = {}): Promise<Best> {
    return this.#thread.then((thread) =>
      thread.call('topK', [this.#number, queries, k], {
        transfer: [queries.buffer],
        ...(signal && { signal }),
      }),
    );
  }

  drop(): Promise<void> {
    return this.#thread.then((thread) => thread.call('drop', [this.#number]));
  }
}
