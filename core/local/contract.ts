/**
 * The contract of using warpmap, whichever side of a wire the engine is on: `open()` answers it for an engine in this
 * process, and `connect()` for nodes elsewhere.
 */
import type { InputError } from '../../shard/errors.ts';
import type { Inputs } from '../../shard/contract.ts';
import type { PumpOptions, PumpProgress } from '../../shard/options.ts';
import type { EmbedOptions, EngineModel, Id, Item, Match, Query, Vectors } from '../contract.ts';
import type { Device } from '../device/contract.ts';

/** How a map is read, sent and answered; see docs/map.md. */
export interface MapOptions {
  /** Yield in the order of the inputs, or as completed. Default: true. */
  readonly ordered?: boolean;
  /** Yield an `InputError` in the place of an output that failed, instead of ending the map. Default: false. */
  readonly returnErrors?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PumpProgress) => void;
}

export type ReturnErrors = { readonly returnErrors: true };
export type MapTuning = Omit<PumpOptions, keyof MapOptions>;

export interface Embed {
  /** One vector per text, in their order. */
  (texts: readonly string[], options?: EmbedOptions): Promise<Vectors>;
  /** One vector per text, streamed: texts are read only as fast as vectors are taken. */
  map(
    texts: Inputs<string>,
    options: EmbedMapOptions & ReturnErrors,
  ): AsyncGenerator<Float32Array | InputError, void, undefined>;
  map(texts: Inputs<string>, options?: EmbedMapOptions): AsyncGenerator<Float32Array, void, undefined>;
}

export type EmbedMapOptions = MapOptions & MapTuning & Omit<EmbedOptions, 'signal'>;

export interface Similarity {
  /** Cosine similarity of each query with the item of the id at its side, streamed as `[id, score]`. The shorter of both ends it. */
  map(
    queries: Inputs<Query>,
    ids: Inputs<Id>,
    options: MapOptions & MapTuning & ReturnErrors,
  ): AsyncGenerator<[Id, number] | InputError, void, undefined>;
  map(
    queries: Inputs<Query>,
    ids: Inputs<Id>,
    options?: MapOptions & MapTuning,
  ): AsyncGenerator<[Id, number], void, undefined>;
  /** The `k` items most similar to the query, best first; `k` is an integer from 1 up. */
  topK(query: Query, options: TopKOptions): Promise<Match[]>;
  topK(queries: readonly Query[], options: TopKOptions): Promise<Match[][]>;
}

export interface TopKOptions {
  readonly k: number;
  readonly signal?: AbortSignal;
}

export interface Collection {
  readonly name: string;
  /** Adds items, or replaces those whose ids are present; embeds those that carry text. Answers how many it took. */
  upsert(items: Inputs<Item>, options?: MapOptions & MapTuning): Promise<number>;
  size(): Promise<number>;
  readonly similarity: Similarity;
}

export interface NodeInfo {
  readonly device: Device;
  readonly model: EngineModel;
}

export interface Warp extends AsyncDisposable {
  readonly embed: Embed;
  /** The collection of that name, made empty if there is none. */
  collection(name: string): Collection;
  /** What runs the work: one entry for each engine. */
  nodes(): Promise<readonly NodeInfo[]>;
}
