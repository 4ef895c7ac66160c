/** The contract of shard/: lanes take batches of inputs and answer with outputs, in any order and at any time. */
import type { RemoteError } from './wire/message.ts';

/** Anything that can be read one input at a time. */
export type Inputs<I> = Iterable<I> | AsyncIterable<I>;

/** Inputs sent together to one lane. A batch is known by its number and attempt, within its call. */
export interface Batch<I> {
  /** From 0, unique within the call; kept when what is left of a batch is sent again. */
  readonly number: number;
  /** How often this batch was sent before, from 0. */
  readonly attempt: number;
  /** How often the function failed on these inputs before. Default: 0. */
  readonly failures?: number;
  /** Position of each input in the map, from 0; rising. */
  readonly indices: readonly number[];
  readonly inputs: readonly I[];
}

/** Outputs of consecutive inputs of a batch, or the failure of one input. `first` and `index` count from 0 in the batch. */
export type Answer<O> =
  | { readonly first: number; readonly outputs: readonly O[] }
  | { readonly index: number; readonly error: RemoteError };

/** A way to run batches: a node behind HTTP, or an engine in this process. */
export interface Lane<I, O> {
  /** For people: the address of the node, or `local`. */
  readonly name: string;
  /** Batches of one map in flight at once; 1 or more. */
  readonly concurrency: number;
  /**
   * Yields answers that cover each input of the batch exactly once, then returns. Stops soon after `signal` aborts.
   * Throws a `BatchError` if the function failed for the batch as a whole; a `ShardError` with `LANE_LOST`,
   * `LANE_BUSY`, `LANE_FAULTY` or `FRAME_INVALID` if the lane is at fault, so that what is left is sent again, and never
   * to this lane if the error is `unfit`; anything else ends the map.
   */
  send(batch: Batch<I>, signal: AbortSignal): AsyncIterable<Answer<O>>;
  /** Whether the lane is up, asked before it gets again what it may have been lost under. Throws as `send` does. */
  check?(signal: AbortSignal): Promise<void>;
  /** Called once if the map ends early: whatever it still runs here is not wanted any more. Must not throw. */
  cancel?(): Promise<void>;
}

/** Lanes that come and go while a map runs. */
export interface Lanes<I, O> {
  /** Those there are now. A lane stays the same object for as long as it is there. */
  readonly current: readonly Lane<I, O>[];
  /** Calls `changed` after each change, until the function that it returns is called. */
  subscribe(changed: () => void): () => void;
}

/** Time, injected so that tests own it. */
export interface Clock {
  /** Milliseconds since any fixed moment; never falls. */
  now(): number;
  /** Runs `callback` once after `milliseconds`; call the result to prevent it. */
  after(milliseconds: number, callback: () => void): () => void;
}
