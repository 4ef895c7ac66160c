/** The contract of a function that yields items in place of one output. */
import type { Block } from '../../shard/wire/block.ts';
import type { Engine } from '../contract.ts';
import type { BatchName } from './batch-name.ts';

/** Items as they come, encoded. Those who leave the loop end the function. */
export interface ItemStream {
  readonly items: AsyncIterable<Block>;
  /** Tells how many items have been taken in all: the function is at most `ahead` ahead of that. */
  taken(count: number): void;
}

export interface StreamOptions {
  readonly engine: Engine;
  readonly batch: BatchName;
  readonly signal: AbortSignal;
  /** Items that may wait to be taken. A whole number of 1 or more. */
  readonly ahead: number;
}

/** Checks the options, and runs the function on the one input of the blocks. Throws `OPTION_INVALID`. */
export type StreamFunction = (options: unknown, blocks: readonly Block[], around: StreamOptions) => ItemStream;
