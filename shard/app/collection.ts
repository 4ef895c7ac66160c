/** The shapes of what collections hold, as clients and handlers see them. */

/** A text to embed, or one vector of the collection's dims that was embedded elsewhere. */
export type Query = string | Float32Array;
export type Id = string | number;

export interface Item {
  readonly id: Id;
  readonly text?: string;
  readonly vector?: Float32Array;
}

export interface Match {
  readonly id: Id;
  /** By the metric of the collection; greater is better. Cosine similarity, the default, is in [-1, 1]. */
  readonly score: number;
}

/** How a component of a vector is kept: floats of 32 or 16 bits, bytes with a scale for each vector, or signs. */
export type VectorType = 'f32' | 'f16' | 'i8' | 'b1';

/**
 * What a score is. `euclidean` is minus the squared distance, `hamming` minus the number of signs that differ, `jaccard`
 * the share of the components above 0 in either vector that are above 0 in both.
 */
export type Metric = 'cosine' | 'dot' | 'euclidean' | 'hamming' | 'jaccard';

/** How a collection keeps and compares its vectors: settled when it is made, by the first upsert. */
export interface CollectionShape {
  readonly type: VectorType;
  readonly metric: Metric;
  /** Components of a vector. */
  readonly dims: number;
  /** Whether float32 is kept beside `type`, to score again what was found. */
  readonly rescore: boolean;
}

/**
 * What a collection is to be like. Those that are stated must be so where it is there already, else what is asked of it
 * is refused with `COLLECTION_MISMATCH`.
 */
export interface CollectionOptions {
  /** Default: `f32`. */
  readonly type?: VectorType;
  /** `hamming` and `jaccard` are for `b1`, the others for the rest and for `b1` with `rescore`. Default: `cosine`; of `b1` alone `hamming`. */
  readonly metric?: Metric;
  /**
   * Components that are kept, the leading ones of longer vectors. A whole number from 1 to 8192. Default: as many as
   * the model has, and no longer vectors are taken.
   */
  readonly dims?: number;
  /** Find candidates by `type`, then order them by float32, which is kept beside it. Default: `false`. */
  readonly rescore?: boolean;
}

/** A collection that there is. */
export interface CollectionInfo extends CollectionShape {
  readonly name: string;
  /** Items in it. */
  readonly size: number;
}

/** Which items may be found. Ids that the collection does not have are no error: they allow and exclude nothing. */
export interface Filter {
  /** Only these. Default: all. */
  readonly allow?: Iterable<Id>;
  /** Not these, also where they are allowed. Default: none. */
  readonly exclude?: Iterable<Id>;
}

/** How to search. */
export interface SearchOptions {
  /** Items to find. A whole number from 1 to 10000. */
  readonly k: number;
  readonly filter?: Filter;
  /**
   * The share of the true best that are to be found, as it is expected where items are in no particular order: above 0
   * and at most 1. Less than 1 may be faster. Default: 1, an exact search.
   */
  readonly recallTarget?: number;
  /** Candidates for each of the k, where the collection has `rescore`. A number from 1 to 1000. Default: 4. */
  readonly oversample?: number;
}

/** `SearchOptions` as they travel. */
export interface Search extends SearchOptions {
  readonly filter?: { readonly allow?: readonly Id[]; readonly exclude?: readonly Id[] };
}

/** How a node would carry out a search. For people to read. */
export interface Explanation {
  /** What carries it out, such as `wgsl: fused top-k`. */
  readonly backend: string;
  readonly reason: string;
  /** What is done, in order. */
  readonly steps: readonly string[];
  /** Bytes of vectors that are read at least once. */
  readonly bytes: number;
  /** Multiplications and additions, or operations on bits. */
  readonly flops: number;
}

/** Searches that are explained: so many queries at once, each for its `k` best. */
export interface SearchSize {
  /** A whole number from 1 to 65536. Default: 1. */
  readonly queries?: number;
  /** Default: 10. */
  readonly k?: number;
}
