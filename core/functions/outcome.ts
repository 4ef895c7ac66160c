import type { Block } from '../../shard/wire/block.ts';
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

/** The same, where the outputs were encoded by another process. */
export type RoutedOutcome = { readonly kind: 'encoded'; readonly first: number; readonly block: Block } | Failure;
