import { setImmediate } from 'node:timers/promises';
import { serveThread } from '../thread/serve.ts';
import { Transferred } from '../thread/transferred.ts';
import type { TokenBatch } from './contract.ts';
import { type ExitGuard, guarded } from './exit-guard.ts';

/** What the thread of a session serves. */
export type EncoderMethods = {
  run(batch: TokenBatch): Float32Array<ArrayBuffer>;
};

/** What the session hands to its thread. */
export interface EncoderThreadData {
  readonly data: unknown;
  readonly guard: ExitGuard;
}

/** An encoder that is loaded on this thread. */
export interface LoadedEncoder {
  /** Vectors, row-major `rows × dims`, in a buffer of their own. */
  run(batch: TokenBatch): Promise<Float32Array<ArrayBuffer>>;
  dispose(): Promise<void>;
}

/**
 * Serves one encoder to the session that started this thread. Batches run one at a time, in the order asked; when the
 * session is disposed of, the running batch finishes and those that wait are refused.
 */
export async function serveEncoder<Data>(load: (data: Data) => Promise<LoadedEncoder>): Promise<void> {
  await serveThread<EncoderMethods>(async (workerData) => {
    const { data, guard } = workerData as EncoderThreadData;
    const encoder = await guarded(guard, () => load(data as Data));
    let last: Promise<unknown> = Promise.resolve();
    return {
      methods: {
        run: async (batch, { signal }) => {
          const turn = last.then(async () => {
            // Lets in what the session has said during the run before, such as to close.
            await setImmediate();
            signal.throwIfAborted();
            return guarded(guard, () => encoder.run(batch));
          });
          last = turn.catch(() => {});
          const vectors = await turn;
          return new Transferred(vectors, [vectors.buffer]);
        },
      },
      dispose: () => guarded(guard, () => encoder.dispose()),
    };
  });
}
