/** The contract of durable calls on a node: what a connection asks of it. */
import type { CallChunk, CallLogLine, CallStart, CallState, CallStatus } from '../../shard/call/contract.ts';
import type { CallOutcomes } from '../../shard/call/frames.ts';

/** Which call a begin has come to. */
export interface Begun {
  readonly id: string;
  /** False where it was known by its id or key. */
  readonly created: boolean;
}

/** By position, or in the order in which they came, after so many of them. */
export type OutcomesFrom = ({ readonly from: number } | { readonly after: number }) & {
  /** Inputs about. */
  readonly limit: number;
  readonly failed?: boolean;
};

export interface CallList {
  readonly state?: CallState;
  /** `app/function`, or `app/` for all of an app. */
  readonly function?: string;
  /** Those that were created before this time, milliseconds since 1970. */
  readonly before?: number;
  /** A whole number of 1 or more; default 100. */
  readonly limit?: number;
}

export interface LogLines {
  readonly lines: readonly CallLogLine[];
  readonly next: number;
}

export interface Asking {
  readonly signal: AbortSignal;
  /** Whether the answer may wait, for some seconds, until there is something new to tell. Default: `false`. */
  readonly wait?: boolean;
}

/**
 * Each method may be asked again, of any node with the same store. Throws a `NodeError` for a refusal that no other time
 * would change, and a `ShardError` (`LANE_LOST`, `LANE_BUSY`) for what may pass.
 */
export interface NodeCalls {
  begin(start: CallStart, asking: Asking): Promise<Begun>;
  /** Resolves when the chunks are durable. */
  append(call: string, chunks: readonly CallChunk[], asking: Asking): Promise<void>;
  seal(call: string, whole: { readonly chunks: number; readonly inputs: number }, asking: Asking): Promise<void>;
  /** With `wait`, of one that has ended, or as it is some seconds later. */
  status(call: string, asking: Asking): Promise<CallStatus>;
  list(filter: CallList, asking: Asking): Promise<readonly CallStatus[]>;
  outcomes(call: string, page: OutcomesFrom, asking: Asking): Promise<CallOutcomes>;
  cancel(call: string, asking: Asking): Promise<void>;
  /** Resolves to how many inputs are run again. */
  retry(call: string, asking: Asking): Promise<number>;
  forget(call: string, asking: Asking): Promise<void>;
  logs(call: string, page: { readonly after: number; readonly limit: number }, asking: Asking): Promise<LogLines>;
}
