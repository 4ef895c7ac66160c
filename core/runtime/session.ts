import type { Device } from '../device/contract.ts';
import { CoreError } from '../errors.ts';
import type { Thread } from '../thread/contract.ts';
import { startThread } from '../thread/start.ts';
import { checkBatch } from './batch.ts';
import type { RuntimeName, Session, SessionOptions, TokenBatch } from './contract.ts';
import type { EncoderMethods, EncoderThreadData } from './encoder-thread.ts';
import { type ExitGuard, holdExit, releaseExit } from './exit-guard.ts';

export interface ThreadSessionOptions extends SessionOptions {
  readonly runtime: RuntimeName;
  /** A worker file that calls `serveEncoder`. */
  readonly worker: URL;
  /** What that worker needs; plain data. */
  readonly data: unknown;
}

/** Opens a session that lives in a worker thread of its own, because a run blocks the thread that it runs on. */
export async function openThreadSession(options: ThreadSessionOptions): Promise<Session> {
  const { runtime, model, device, worker, data } = options;
  const name = `${runtime} on ${device.kind}:${device.index}`;
  const guard = holdExit();
  try {
    const threadData: EncoderThreadData = { data, guard };
    const thread = await startThread<EncoderMethods>(worker, threadData, { name });
    return new ThreadSession(thread, guard, { runtime, model, device });
  } catch (error) {
    releaseExit(guard);
    throw error;
  }
}

class ThreadSession implements Session {
  readonly runtime: RuntimeName;
  readonly device: Device;
  readonly dims: number;
  readonly #thread: Thread<EncoderMethods>;
  readonly #guard: ExitGuard;
  readonly #spec: SessionOptions['model']['spec'];

  constructor(
    thread: Thread<EncoderMethods>,
    guard: ExitGuard,
    { runtime, model, device }: SessionOptions & { readonly runtime: RuntimeName },
  ) {
    this.runtime = runtime;
    this.device = device;
    this.dims = model.spec.dims;
    this.#thread = thread;
    this.#guard = guard;
    this.#spec = model.spec;
  }

  async run(batch: TokenBatch): Promise<Float32Array<ArrayBuffer>> {
    checkBatch(batch, this.#spec);
    const { rows, width, ids, lengths } = batch;
    const buffers = new Set([ids.buffer, lengths.buffer]);
    const vectors = await this.#thread
      .call('run', [{ rows, width, ids, lengths }], { transfer: [...buffers] })
      .catch((error: unknown) => {
        // A thread that is gone can't say that its work has ended.
        if (error instanceof CoreError && error.code === 'THREAD_CRASHED') releaseExit(this.#guard);
        throw error;
      });
    if (vectors.length !== rows * this.dims) {
      throw new CoreError(
        'RUNTIME_FAILED',
        `expected ${rows} vectors of ${this.dims} components from ${this.#spec.name}, got ${vectors.length} numbers; ` +
          "do the model's weights belong to its config?",
      );
    }
    return vectors;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#thread[Symbol.asyncDispose]();
    } finally {
      releaseExit(this.#guard);
    }
  }
}
