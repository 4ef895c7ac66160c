import type { Outputs } from './contract.ts';

/** An accepted input and its position in the batch. */
export interface Entry<Input> {
  readonly index: number;
  readonly input: Input;
}

/** One input failed. */
export interface Failure {
  readonly kind: 'failure';
  readonly index: number;
  readonly error: unknown;
}

/** What became of one input, or of consecutive ones. */
export type Outcome = { readonly kind: 'outputs'; readonly first: number; readonly outputs: Outputs } | Failure;
