/** The contract of core/: one engine owns one device, its encoder and the collections in its memory. */
import type {
  CollectionInfo,
  CollectionOptions,
  CollectionShape,
  Explanation,
  Id,
  Item,
  Match,
  Query,
  Search,
  SearchSize,
} from '../shard/app/collection.ts';
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

export type {
  CollectionInfo,
  CollectionOptions,
  CollectionShape,
  Explanation,
  Id,
  Item,
  Match,
  Query,
  Search,
  SearchSize,
};

export interface EngineCollection extends CollectionInfo {
  /** Whether of vectors longer than `dims` the leading components are kept; others are refused. */
  readonly truncates: boolean;
  /** Adds items, or replaces those whose ids are present; embeds those that carry text. */
  upsert(items: readonly Item[], options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** The score of each query with the item of the same position. Throws `ID_NOT_FOUND` for an unknown id. */
  score(
    queries: readonly Query[],
    ids: readonly Id[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<Float32Array<ArrayBuffer>>;
  /** The `k` best items of each query that may be found, best first; ties by insertion order. */
  topK(queries: readonly Query[], options: Search & { readonly signal?: AbortSignal }): Promise<Match[][]>;
  /** How `topK` would be carried out. */
  explain(size: Required<SearchSize>): Promise<Explanation>;
  has(id: Id): boolean;
  /** Removes the items; ids that are not there are let be. */
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
  /**
   * The collection of that name, made empty if there is none. Throws `OPTION_INVALID`, or `COLLECTION_MISMATCH` where it
   * is not as stated.
   */
  collection(name: string, stated?: CollectionOptions): EngineCollection;
  /** Throws `COLLECTION_NOT_FOUND`, or `COLLECTION_MISMATCH`. */
  existingCollection(name: string, stated?: CollectionOptions): EngineCollection;
  collections(): readonly EngineCollection[];
  drop(name: string): Promise<boolean>;
}
