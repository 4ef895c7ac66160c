import { AsyncLocalStorage } from 'node:async_hooks';
import { ShardError } from '../errors.ts';

/** What a handler can know of the run that it is in, and ask of its node. */
export interface Context {
  /** Aborts when nobody waits for this run any more. */
  readonly signal: AbortSignal;
  /** How often the handler has failed on this input before, from 0: retries are granted by `retries`. */
  readonly attempt: number;
  /** The GPU that is this worker's alone; `undefined` where its function asks for none, or has none by its list. */
  readonly gpu: ContextGpu | undefined;
  /** Writes to the node's log, tagged with app, function, call and input. `fields` are plain data. */
  log(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /**
   * Row-major `count × dims` float32 vectors of the texts, by the node's model on the node's device. Rejects with the
   * node's `CoreError` codes, or `NO_CONTEXT` outside a node.
   */
  embed(texts: readonly string[], options?: ContextEmbedOptions): Promise<ContextVectors>;
}

export interface ContextGpu {
  /** Of NVIDIA, it is the one that CUDA shows to this process; of WebGPU, the one of that index. */
  readonly kind: 'nvidia' | 'webgpu';
  /** Position among the GPUs of its kind in the machine, from 0. */
  readonly index: number;
  /** As the driver names it. */
  readonly name: string;
  /** Bytes, where the driver tells. */
  readonly memoryBytes?: number;
}

export interface ContextEmbedOptions {
  /** Name of one of the model's prompts. Default: none. */
  readonly prompt?: string;
  /** Leading components to keep. Default: the model's own. */
  readonly dims?: number;
}

export interface ContextVectors {
  readonly count: number;
  readonly dims: number;
  readonly data: Float32Array<ArrayBuffer>;
}

/** Registered, because the app's copy of this package may not be the node's. */
const KEY: unique symbol = Symbol.for('warpmap.context.1');
const shared = globalThis as { [KEY]?: AsyncLocalStorage<Context> };

/** The context of each run, for those who run handlers. */
export const contexts: AsyncLocalStorage<Context> = (shared[KEY] ??= new AsyncLocalStorage<Context>());

/** The context of the handler that calls this, also from what it awaits. Throws `NO_CONTEXT` outside a handler. */
export function context(): Context {
  const found = contexts.getStore();
  if (found) return found;
  throw new ShardError('NO_CONTEXT', 'context() was called outside a handler; call it inside a function of an app');
}
