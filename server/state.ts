import type { Engine } from '../core/contract.ts';
import { CoreError, type CoreErrorCode } from '../core/errors.ts';
import { ServerError } from './errors.ts';
import { answerTo } from './status.ts';

/** After these an engine never works again. */
const FATAL: readonly CoreErrorCode[] = ['THREAD_CRASHED', 'DEVICE_LOST', 'DISPOSED'];

/** Whether this node takes work: its engine may still be loading, may have failed to, or the node may be draining. */
export class NodeState {
  /** Resolves to the engine once it can be used; rejects with why it never will. */
  readonly ready: Promise<Engine>;
  #engine: Engine | undefined;
  #failure: string | undefined;
  readonly #stopping = new AbortController();
  readonly #gone = Promise.withResolvers<string>();

  constructor(engine: Engine | Promise<Engine>) {
    this.ready = Promise.resolve(engine).then((loaded) => (this.#engine = loaded));
    this.ready.catch((error: unknown) => (this.#failure = answerTo(error).error.code));
  }

  /** Resolves to the code of the error by which the engine was lost for good; never, while it lives. */
  get gone(): Promise<string> {
    return this.#gone.promise;
  }

  /** Takes no more work if the error says that the engine is lost: a client is better served elsewhere. */
  noteFailure(error: unknown): void {
    if (!(error instanceof CoreError) || !FATAL.includes(error.code) || this.#engine === undefined) return;
    this.#engine = undefined;
    this.#failure = error.code;
    this.#gone.resolve(error.code);
  }

  get draining(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Aborts when the node begins to drain. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Whether new work would be taken. */
  get isOpen(): boolean {
    return this.#engine !== undefined && !this.draining;
  }

  startDraining(): void {
    this.#stopping.abort();
  }

  /** The engine. Throws `NODE_NOT_READY`. */
  engine(): Engine {
    if (this.#engine) return this.#engine;
    throw new ServerError(
      'NODE_NOT_READY',
      this.#failure === undefined
        ? 'The model is still loading; try again in a few seconds'
        : `The engine failed (${this.#failure}); the node's log says why`,
      { retryAfter: 2 },
    );
  }

  /** The engine, for new work. Throws `NODE_DRAINING` or `NODE_NOT_READY`. */
  open(): Engine {
    this.requireStaying();
    return this.engine();
  }

  /** Throws `NODE_DRAINING`. */
  requireStaying(): void {
    if (!this.draining) return;
    throw new ServerError('NODE_DRAINING', 'This node is shutting down; send the batch to another', {
      retryAfter: 5,
    });
  }
}
