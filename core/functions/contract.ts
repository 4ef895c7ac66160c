/** The contract of a function that a node serves: inputs in, outputs of the same positions out. */
import type { RetryPolicy } from '../../shard/retry.ts';
import type { Engine, Vectors } from '../contract.ts';
import type { BatchName } from './batch-name.ts';
import type { StreamFunction } from './stream.ts';
import type { HostedWorkers } from './workers.ts';

export type { BatchName } from './batch-name.ts';

/** Outputs of consecutive inputs: rows of vectors, which travel as raw bytes, or any plain values. */
export type Outputs =
  | { readonly kind: 'rows'; readonly vectors: Vectors }
  | {
      readonly kind: 'values';
      readonly values: readonly unknown[];
      /** Why single inputs failed, by their position; their values mean nothing. Default: none did. */
      readonly failures?: ReadonlyMap<number, Error>;
    };

/** A function with the options of one batch settled. */
export interface BoundFunction<Input> {
  /** Most inputs to run at once, where their outputs are large; an integer from 1 up. Default: by device. */
  readonly partInputs?: number;
  /** Checks one input, and throws for it alone: `INPUT_INVALID`, `COLLECTION_MISMATCH` or `ID_NOT_FOUND`. */
  accept(input: unknown): Input;
  /**
   * As many outputs as inputs. A throw of `ID_NOT_FOUND` or `FUNCTION_FAILED` is traced to the input that causes it,
   * by running halves; any other error fails the batch. `indices` are the positions of the inputs in their batch.
   */
  run(inputs: readonly Input[], signal: AbortSignal, indices: readonly number[]): Promise<Outputs>;
}

export interface HostedFunction<Input = unknown> {
  readonly name: string;
  /** Default: it runs on the node's engine. */
  readonly workers?: HostedWorkers;
  /** What it says of inputs on which it fails, for those who know no better. Default: they are not tried again. */
  readonly retries?: Partial<RetryPolicy>;
  /** Whether a part of a batch must be finished before the next begins. */
  readonly sequential: boolean;
  /** Of a function that yields items. */
  readonly stream?: StreamFunction;
  /** Checks the options. Throws `OPTION_INVALID`, or `COLLECTION_NOT_FOUND`. */
  bind(options: unknown, engine: Engine, batch: BatchName): BoundFunction<Input>;
}
