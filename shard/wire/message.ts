/** What frames and JSON lines carry, apart from their form. */

/** The first thing a client says: what to run, and which batch of which call this is. */
export interface BatchHead {
  readonly function: string;
  /** Id of the call, chosen by the client: 1 to 128 characters. */
  readonly call: string;
  /** Number of the batch in its call, from 0. */
  readonly batch: number;
  /** How often this batch was sent before, from 0. */
  readonly attempt: number;
  /** How often the function failed on these inputs before. Default: 0. */
  readonly failures?: number;
  /** Inputs in this batch. */
  readonly count: number;
  /** Under which the node journals outputs, so that the map can be continued: 1 to 128 characters. Default: it doesn't. */
  readonly key?: string;
  /**
   * Positions of the inputs in the map as consecutive ones, `[first, count, first, count, …]`, rising, whose counts add
   * up to `count`. A key needs them. Default: as in the batch.
   */
  readonly spans?: readonly number[];
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface RemoteError {
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
}

export interface BatchEnd {
  readonly count: number;
  readonly failed: number;
  /** Time spent on the batch, queue included, as the node measured it. */
  readonly milliseconds: number;
}

export type Message =
  | { readonly type: 'head'; readonly head: BatchHead }
  | { readonly type: 'inputs'; readonly values: unknown[] }
  | { readonly type: 'outputs'; readonly first: number; readonly values: unknown[] }
  | { readonly type: 'failure'; readonly index: number; readonly error: RemoteError }
  | { readonly type: 'end'; readonly end: BatchEnd }
  | { readonly type: 'error'; readonly error: RemoteError }
  | { readonly type: 'beat' };
