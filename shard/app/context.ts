import { AsyncLocalStorage } from 'node:async_hooks';
import { ShardError } from '../errors.ts';
import type { VolumeBatch } from '../volume/volume.ts';
import type { CollectionOptions, Id, Item, Match, Query, SearchOptions } from './collection.ts';

/** What a handler can know of the run that it is in, and ask of its node. May be taken apart. */
export interface Context {
  /** Aborts when nobody waits for this run any more. */
  readonly signal: AbortSignal;
  /** How often the handler has failed on this input before, from 0: retries are granted by `retries`. */
  readonly attempt: number;
  /** The GPU that is this worker's alone; `undefined` where its function asks for none, or has none by its list. */
  readonly gpu: ContextGpu | undefined;
  /** Id of the call, the same for all inputs of one map. */
  readonly call: string;
  /** Number of the batch in its call, from 0. */
  readonly batch: number;
  /** Position of the input in the map, from 0; of a batched handler, that of its first. */
  readonly index: number;
  readonly log: ContextLog;
  /**
   * Row-major `count × dims` float32 vectors of the texts, by the node's model on the node's device. Rejects with the
   * node's `CoreError` codes, or `NO_CONTEXT` outside a node.
   */
  readonly embed: (texts: readonly string[], options?: ContextEmbedOptions) => Promise<ContextVectors>;
  /**
   * The volumes of the function, by the names that its option `volumes` gives them. What a run changes is visible to
   * others when it has succeeded, or at a `commit` before; a run that fails, or whose worker dies, leaves nothing behind.
   */
  readonly volumes: Readonly<Record<string, VolumeBatch>>;
  /** A collection of this node, and what it is to be like. Its methods reject as `embed` does. */
  readonly collection: (name: string, options?: CollectionOptions) => ContextCollection;
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

/** Writes to the node's log, tagged with app, function, call and input. */
export interface ContextLog {
  /** As `info`. `fields` are plain data. */
  (message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, unknown>>;

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

export interface ContextCollection {
  readonly name: string;
  /** The score of each query with the item of the same position. Rejects with `ID_NOT_FOUND`. */
  similarity(queries: readonly Query[], ids: readonly Id[]): Promise<Float32Array>;
  /** The `k` items that are most similar to the query, best first. */
  topK(query: Query, options: SearchOptions): Promise<Match[]>;
  /** The same for each of many queries. */
  topK(queries: readonly Query[], options: SearchOptions): Promise<Match[][]>;
  /** Adds items on this node, or replaces those whose ids are present. */
  upsert(items: readonly Item[]): Promise<void>;
  /** Removes items on this node; ids that are not there are let be. */
  remove(ids: readonly Id[]): Promise<void>;
  /** Items on this node; 0 if the collection was never written to. */
  size(): Promise<number>;
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

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LEVELS)[number];

/** A log of all levels over one that takes the level. */
export function logOf(write: (level: LogLevel, message: string, fields?: LogFields) => void): ContextLog {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => write(level, message, fields);
  const levels = Object.fromEntries(LEVELS.map((level) => [level, at(level)])) as Record<LogLevel, ContextLog['info']>;
  return Object.assign(at('info'), levels);
}
