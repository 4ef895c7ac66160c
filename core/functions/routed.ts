/** The contract of a function whose inputs and outputs pass through this process as bytes, to others and back. */
import type { Block } from '../../shard/wire/block.ts';
import type { RetryPolicy } from '../../shard/retry.ts';
import type { Engine } from '../contract.ts';
import type { BatchName } from './contract.ts';
import type { Failure } from './outcome.ts';
import type { StreamFunction } from './stream.ts';
import type { HostedWorkers } from './workers.ts';

export interface RoutedFunction {
  readonly name: string;
  /** Of a deployed app. */
  readonly version?: number;
  readonly workers?: HostedWorkers;
  /** What it says of inputs on which it fails, for those who know no better. Default: they are not tried again. */
  readonly retries?: Partial<RetryPolicy>;
  /** Of a function that yields items. */
  readonly stream?: StreamFunction;
  /** Checks the options. Throws `OPTION_INVALID`. */
  route(options: unknown, engine: Engine, batch: BatchName): Route;
}

/**
 * Yields what became of each input of the blocks exactly once, in any order. Outputs that are not taken hold up the
 * function. Throws what fails the batch as a whole, `FRAME_INVALID` if a block is not one.
 */
export type Route = (blocks: readonly Block[], signal: AbortSignal) => AsyncIterable<RoutedOutcome>;

/** What became of one input, or of consecutive ones. */
export type RoutedOutcome = { readonly kind: 'encoded'; readonly first: number; readonly block: Block } | Failure;
