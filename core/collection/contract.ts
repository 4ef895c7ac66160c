/** The contract of core/collection: where the vectors of one collection live, and what is asked of them there. */

/** The best rows of each query, row-major `queries × k`, best first; ties by row. */
export interface Best {
  /** At most what was asked; less where the store holds fewer rows. */
  readonly k: number;
  readonly rows: Uint32Array<ArrayBuffer>;
  readonly scores: Float32Array<ArrayBuffer>;
}

/** Dense rows of `dims` float32 components. Calls are carried out in the order they were made. */
export interface VectorStore {
  readonly dims: number;
  readonly size: number;
  /** Writes `rows.length × dims` components; a row equal to `size` appends. */
  write(rows: Uint32Array, vectors: Float32Array): void | Promise<void>;
  /** Keeps these rows, in this order, as rows 0, 1, …; forgets the others. */
  keep(rows: Uint32Array): void | Promise<void>;
  /** The dot product of query `queryOf[i]` with row `rows[i]`. */
  score(
    queries: Float32Array,
    queryOf: Uint32Array,
    rows: Uint32Array,
  ): Float32Array<ArrayBuffer> | Promise<Float32Array<ArrayBuffer>>;
  topK(queries: Float32Array, k: number): Promise<Best>;
  dispose(): void | Promise<void>;
}
