/** The contract of sdk/: what a client sees of the nodes. Shapes equal those of the engine, which clients don't have. */
import type { InputError } from '../shard/errors.ts';
import type { PumpOptions } from '../shard/options.ts';

export type { Inputs } from '../shard/contract.ts';
export type { Id, Item, Match, Query } from '../shard/app/collection.ts';

/** Row-major `count × dims` float32 vectors. */
export interface Vectors {
  readonly count: number;
  readonly dims: number;
  readonly data: Float32Array<ArrayBuffer>;
}

/** What one node says of itself. */
export interface NodeInfo {
  readonly version: string;
  readonly device: { readonly kind: string; readonly name: string; readonly software: boolean };
  readonly model: {
    readonly name: string;
    readonly dims: number;
    readonly maxTokens: number;
    readonly origin: string;
  };
  /** Names of the functions that can be called. */
  readonly functions: readonly string[];
  readonly draining: boolean;
  /** Where it keeps durable calls, once it has opened that; nodes of one store have one `id`. */
  readonly store?: { readonly id: string; readonly kind: string };
}

/** A node by its address: what it says of itself, or why it says nothing. */
export type NodeStatus =
  | ({ readonly url: string; readonly reachable: true } & NodeInfo)
  | { readonly url: string; readonly reachable: false; readonly error: Error };

export interface MapProgress {
  /** Inputs whose output has arrived. */
  readonly done: number;
  readonly failed: number;
  /** Inputs tried again because the function failed, counted each time. */
  readonly retried: number;
  /** Inputs sent again because a node was lost, busy or at fault, counted each time. */
  readonly resent: number;
  /** Inputs sent to a second node because the first took too long over them. */
  readonly hedged: number;
  /** Inputs in all, where known. */
  readonly total?: number;
  /** Inputs a second, of late. */
  readonly rate: number;
  /** Where the total is known. */
  readonly etaSeconds?: number;
  /** Addresses of the nodes that are at work. */
  readonly nodes: readonly string[];
}

type PumpChoices = Pick<
  PumpOptions,
  | 'ordered'
  | 'batchMilliseconds'
  | 'initialBatchSize'
  | 'maxBatchSize'
  | 'maxBatchBytes'
  | 'window'
  | 'windowBytes'
  | 'linger'
  | 'retries'
  | 'laneRetries'
  | 'hedge'
  | 'patience'
  | 'signal'
>;

/** How to run a map; domains and defaults are in docs/map.md. */
export interface MapOptions<E extends boolean = boolean> extends PumpChoices {
  /**
   * Makes the map one that can be continued: nodes journal outputs under this key, and a map that is run again with it,
   * the same function, options and inputs, runs only what is missing. 1 to 128 characters. Default: none.
   */
  readonly key?: string;
  /** Yield an `InputError` in the place of an output that failed, in place of ending the map. Default: `false`. */
  readonly returnErrors?: E;
  /** Called about ten times a second while counts change, and once at the end. */
  readonly onProgress?: (progress: MapProgress) => void;
  /** Show progress on standard error: a bar on a terminal, and else a line every five seconds. Default: `false`. */
  readonly progress?: boolean;
  /** Number of inputs, for progress, where the inputs themselves don't tell. A whole number of 0 or more. */
  readonly total?: number;
}

/** What a map yields: with `returnErrors`, failures too. */
export type Output<O, E extends boolean> = E extends true ? O | InputError : O;

/** Outputs as they are taken. Leaving the loop cancels the rest. */
export type Outputs<O, E extends boolean> = AsyncGenerator<Output<O, E>, void, undefined>;
