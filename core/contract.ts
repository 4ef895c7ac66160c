/** The contract of core/: one engine owns one device, its encoder and the collections in its memory. */
import type { Id, Item, Match, Query } from '../shard/app/collection.ts';
import type { Device } from './device/contract.ts';

/** Row-major `count × dims` float32 vectors. */
export interface Vectors {
  readonly count: number;
  readonly dims: number;
  readonly data: Float32Array<ArrayBuffer>;
}

export interface EmbedOptions {
  /** Name of one of the model's prompts, such as `query`, or `''` for none. Default: none. */
  readonly prompt?: string;
  /** Truncate to this many leading components and normalise again. Default: the model's own. */
  readonly dims?: number;
  readonly signal?: AbortSignal;
}

export type { Id, Item, Match, Query };

export interface EngineCollection {
  readonly name: string;
  readonly dims: number;
  readonly size: number;
  /** Adds items, or replaces those whose ids are present; embeds those that carry text. */
  upsert(items: readonly Item[], options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** The score of each query with the item of the same position. Throws `ID_NOT_FOUND` for an unknown id. */
  score(
    queries: readonly Query[],
    ids: readonly Id[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<Float32Array<ArrayBuffer>>;
  /** The `k` best items of each query, best first; ties by insertion order. */
  topK(queries: readonly Query[], options: { readonly k: number; readonly signal?: AbortSignal }): Promise<Match[][]>;
  has(id: Id): boolean;
  remove(ids: readonly Id[]): Promise<void>;
}

export interface EngineModel {
  readonly name: string;
  readonly dims: number;
  readonly maxTokens: number;
  readonly origin: string;
}

export interface Engine extends AsyncDisposable {
  readonly device: Device;
  readonly model: EngineModel;
  embed(texts: readonly string[], options?: EmbedOptions): Promise<Vectors>;
  /** The collection of that name, made empty if there is none. */
  collection(name: string): EngineCollection;
  /** Throws `COLLECTION_NOT_FOUND`. */
  existingCollection(name: string): EngineCollection;
  collections(): readonly EngineCollection[];
  drop(name: string): Promise<boolean>;
}
