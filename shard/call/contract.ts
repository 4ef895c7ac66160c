/** The contract of durable calls: what clients and nodes tell each other of what `spawn` and `spawnMap` began. */
import type { RetryPolicy } from '../retry.ts';
import type { RemoteError } from '../wire/message.ts';

/**
 * `open`: inputs may still be added; they are run already. `sealed`: all inputs are there. `done`: each has an output or
 * a failure. `cancelled`: what had neither by then has none.
 */
export type CallState = 'open' | 'sealed' | 'done' | 'cancelled';

/** What begins a call. Beginning it twice with the same id, or the same key, begins it once. */
export interface CallStart {
  /** A UUID that the client has chosen. */
  readonly id: string;
  /** As the nodes know it: `app/function`, or a built-in one. */
  readonly function: string;
  /** Of a deployed app. Default: the version that is current when the call begins, by which the whole call is run. */
  readonly version?: number;
  /** Options of the function. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly retries?: Partial<RetryPolicy>;
  /** Under which a second begin finds this call: 1 to 128 characters. Default: none. */
  readonly key?: string;
  /** Whether it is one input, whose output is the call's: that of `spawn`. Default: `false`. */
  readonly single?: boolean;
}

/** Inputs of one chunk at most. */
export const MAX_CHUNK_INPUTS = 1024;

/** Number of the last chunk that a call can have: databases keep it in 32 bits. */
export const MAX_CHUNK_INDEX: number = 2 ** 31 - 2;

/** Consecutive inputs of a call, as one block of docs/wire.md. A chunk that comes twice is stored once. */
export interface CallChunk {
  /** Number of the chunk in the call, from 0. */
  readonly index: number;
  /** Position of its first input in the call. */
  readonly first: number;
  /** Inputs: 1 to `MAX_CHUNK_INPUTS`. */
  readonly count: number;
  readonly block: Uint8Array<ArrayBuffer>;
}

/** Inputs of a call. `pending + running + done + failed + cancelled = inputs`. */
export interface CallCounts {
  readonly inputs: number;
  /** Nobody runs them. */
  readonly pending: number;
  /** A node has them. */
  readonly running: number;
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Tries after the first, because the function failed, counted each time. */
  readonly retried: number;
}

/** Times are milliseconds since 1970. */
export interface CallStatus {
  readonly id: string;
  readonly function: string;
  readonly version?: number;
  readonly key?: string;
  readonly single: boolean;
  readonly state: CallState;
  readonly counts: CallCounts;
  readonly created: number;
  /** When it was done or cancelled. */
  readonly finished?: number;
  /** When it is forgotten, with its outputs. */
  readonly expires?: number;
  /** Inputs a second, of late. */
  readonly rate: number;
  /** Where all inputs are known, and some are being run. */
  readonly etaSeconds?: number;
}

/** What became of consecutive inputs, or of one. */
export type CallOutcome =
  | {
      readonly kind: 'outputs';
      readonly first: number;
      readonly count: number;
      readonly block: Uint8Array<ArrayBuffer>;
    }
  | { readonly kind: 'failure'; readonly first: number; readonly failure: CallFailure };

export interface CallFailure {
  readonly error: RemoteError;
  /** How often the function was run on this input. */
  readonly attempts: number;
  /** How often a node was lost while it had the input. */
  readonly losses: number;
  /** Name of the node that ran it last. */
  readonly node: string;
  /** The beginning of the input, as text. */
  readonly input: string;
}

/** One line that a handler has logged. */
export interface CallLogLine {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly level: string;
  readonly message: string;
  /** Position of the input in the call, where it is known. */
  readonly index?: number;
  readonly node: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}
