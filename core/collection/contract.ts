/** The contract of core/collection: where the vectors of one collection live, and what is asked of them there. */
import type { ElementType, Metric } from '../../kernels/index.ts';

/** What a row is in a best list where there is no more; its score is NaN. */
export const NO_ROW = 0xffffffff;

/** Fixed when a store is opened. */
export interface StoreOptions {
  readonly dims: number;
  /** How components are kept. */
  readonly type: ElementType;
  /** Of the scores that are answered: with `rescore`, those of float32. `b1` with `rescore` finds candidates by `hamming`. */
  readonly metric: Metric;
  /** Keep float32 beside `type`, to score again what was found. */
  readonly rescore: boolean;
}

export interface SearchOptions {
  /** An integer from 1 up. */
  readonly k: number;
  /** Bit r % 32 of word ⌊r / 32⌋: row r may be answered. Rows beyond the last word may not. Default: all rows. */
  readonly allowed?: Uint32Array;
  /** The expected share of the true best that is found, above 0 and at most 1. Default: 1, an exact search. */
  readonly recallTarget?: number;
  /** Candidates of the first stage for each of the k, where the store rescores. From 1 up. Default: 4. */
  readonly oversample?: number;
}

/** The best rows of each query, row-major `queries × k`, best first: score descending, NaN last, ties by row. */
export interface Best {
  /** What was asked, or the store's size where that is less. */
  readonly k: number;
  /** `NO_ROW` where fewer rows than k are allowed. */
  readonly rows: Uint32Array<ArrayBuffer>;
  readonly scores: Float32Array<ArrayBuffer>;
}

/** How a search of a certain shape would be carried out. Plain data, for people to read. */
export interface Explanation {
  /** Such as `wgsl: fused top-k` or `onnxruntime: Gemm and TopK (cpu)`. */
  readonly backend: string;
  /** Why this backend serves this device, type, metric and shape. */
  readonly reason: string;
  /** What is done, in order. */
  readonly steps: readonly string[];
  /** Read from the store's memory at least once for these queries. */
  readonly bytes: number;
  /** Multiplications and additions, or operations on bits. */
  readonly flops: number;
}

/** Dense rows of `dims` components. Calls are carried out in the order they were made. */
export interface VectorStore {
  readonly dims: number;
  readonly size: number;
  /**
   * Writes `rows.length × dims` components, as the user gave them: the store normalises for cosine, and packs. A row
   * equal to `size` appends.
   */
  write(rows: Uint32Array, vectors: Float32Array): void | Promise<void>;
  /** Keeps these rows, ascending, as rows 0, 1, …; forgets the others. */
  keep(rows: Uint32Array): void | Promise<void>;
  /** The score of query `queryOf[i]` with row `rows[i]`. */
  score(
    queries: Float32Array,
    queryOf: Uint32Array,
    rows: Uint32Array,
  ): Float32Array<ArrayBuffer> | Promise<Float32Array<ArrayBuffer>>;
  topK(queries: Float32Array, options: SearchOptions): Promise<Best>;
  explain(shape: { readonly queries: number; readonly k: number }): Explanation;
  dispose(): void | Promise<void>;
}
