import type { Span } from '../contract.ts';
import type { Vectors } from '../tile/vectors.ts';

/** Part of a collection that is searched: panels of its own, whose rows are numbered on from those before. */
export interface Segment {
  readonly vectors: Vectors;
  /** Bound where a call has no `allowed`. */
  readonly unused: Span;
  readonly rows: number;
  readonly firstRow: number;
}
