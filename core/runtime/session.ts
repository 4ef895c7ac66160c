import type { Device } from '../device/contract.ts';
import { CoreError } from '../errors.ts';
import type { Thread } from '../thread/contract.ts';
import { startThread } from '../thread/start.ts';
import { checkBatch } from './batch.ts';
import type { RuntimeName, Session, SessionOptions, TokenBatch } from './contract.ts';
import type { EncoderMethods } from './encoder-thread.ts';

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
  const thread = await startThread<EncoderMethods>(worker, data, { name });
  return new ThreadSession(thread, { runtime, model, device });
}

class ThreadSession implements Session {
  readonly runtime: RuntimeName;
  readonly device: Device;
  readonly dims: number;
  readonly #thread: Thread<EncoderMethods>;
  readonly #spec: SessionOptions['model']['spec'];

  constructor(
    thread: Thread<EncoderMethods>,
    { runtime, model, device }: SessionOptions & { readonly runtime: RuntimeName },
  ) {
    this.runtime = runtime;
    this.device = device;
    this.dims = model.spec.dims;
    this.#thread = thread;
    this.#spec = model.spec;
  }

  async run(batch: TokenBatch): Promise<Float32Array<ArrayBuffer>> {
    checkBatch(batch, this.#spec);
    const { rows, width, ids, lengths } = batch;
    const buffers = new Set([ids.buffer, lengths.buffer]);
    const vectors = await this.#thread.call('run', [{ rows, width, ids, lengths }], { transfer: [...buffers] });
    if (vectors.length !== rows * this.dims) {
      throw new CoreError(
        'RUNTIME_FAILED',
        `expected ${rows} vectors of ${this.dims} components from ${this.#spec.name}, got ${vectors.length} numbers; ` +
          "do the model's weights belong to its config?",
      );
    }
    return vectors;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#thread[Symbol.asyncDispose]();
  }
}
