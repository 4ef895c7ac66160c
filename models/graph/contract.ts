/** The contract of models/graph: one signature for every encoder, whatever it was made from. */
import type { Pooling } from '../contract.ts';

/** The kinds of device that graphs are written for; they differ in the operators that ONNX Runtime's providers have. */
export type GraphDevice = 'cpu' | 'cuda' | 'webgpu';

/** Names of the inputs and the output of every graph that models/graph makes. */
export const signature = {
  /** int32 [batch, tokens]; positions past a row's length may hold any id of the vocabulary. */
  ids: 'input_ids',
  /** int32 [batch]: tokens in each row, from 1 up. */
  lengths: 'lengths',
  /** float32 [batch, dims]. */
  vectors: 'vectors',
} as const;

/** What models/graph needs of a `ModelSpec`. */
export interface PoolingSpec {
  readonly dims: number;
  readonly pooling: Pooling;
  readonly normalize: boolean;
}
