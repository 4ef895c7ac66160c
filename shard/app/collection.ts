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
  /** Cosine similarity, in [-1, 1]. */
  readonly score: number;
}
