/**
 * The contract of a store of durable calls. Each verb is atomic, and durable when it resolves; several nodes may use one
 * store at once. Throws `CALL_UNKNOWN` for a call that there is not (any more), and `STORE_UNAVAILABLE` where the store
 * can't be reached or written: then nothing is known of what was asked, and it may be asked again.
 */
import type {
  CallChunk,
  CallLogLine,
  CallOutcome,
  CallStart,
  CallState,
  CallStatus,
} from '../../shard/call/contract.ts';

export interface ChunkStore extends AsyncDisposable {
  /** Of the database, whoever opens it, and for as long as there is one. */
  readonly id: string;

  /**
   * Begins a call; where its id or key is known already, that call is meant. Throws `CALL_CONFLICT` if that is of another
   * function, or of another version than the one that is asked for.
   */
  create(call: CallStart): Promise<Created>;
  /**
   * Adds chunks; those that are there already are left alone. Throws `CALL_SEALED` for a new chunk of a call that takes
   * none, and `CALL_INCOMPLETE` where one has inputs that others have, or leaves no room for those before it: nothing is
   * added then.
   */
  append(call: string, chunks: readonly CallChunk[]): Promise<void>;
  /**
   * No more chunks will come. Throws `CALL_INCOMPLETE` unless exactly those are there, numbered from 0 and each beginning
   * where the one before it ends. A call without inputs is done then.
   */
  seal(call: string, whole: { readonly chunks: number; readonly inputs: number }): Promise<void>;

  /** Leases chunks to a node: of several calls in turn, so that none starves another; of one call by rising index. */
  claim(want: Claim): Promise<Lease[]>;
  /** Prolongs leases, and tells of each what it is worth, in the order asked. A call that was removed counts as cancelled. */
  renew(leases: readonly LeaseName[], leaseMs: number): Promise<LeaseFate[]>;
  /**
   * Takes what became of inputs: all of one acknowledgement, its counters too, or nothing of it. False where the lease is
   * another's by now, or the call is cancelled or removed: then it changes nothing. One that comes again counts once. An
   * outcome of inputs of which some have one is ignored whole. Throws `OPTION_INVALID` for an outcome of inputs that the
   * chunk does not have.
   */
  acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<boolean[]>;

  /** Without its rate. */
  status(call: string): Promise<StoredStatus>;
  /** Newest first. */
  list(filter: CallFilter): Promise<StoredStatus[]>;
  /** What became of the inputs, in the order asked for. Does not wait. */
  outcomes(call: string, page: OutcomePage): Promise<OutcomesPage>;
  /** Ends a call that is not done. Nothing of it is leased, or taken, any more. */
  cancel(call: string): Promise<void>;
  /**
   * Forgets failures, and has those inputs run again, as if for the first time; of a cancelled call, also those that had
   * no outcome, though it takes no more chunks. Resolves to how many inputs that are.
   */
  retry(call: string): Promise<number>;
  /** Removes a call with all that belongs to it. Does nothing if there is none. */
  remove(call: string): Promise<void>;
  /** Removes calls that finished `retentionMs` ago, and open ones to which nothing came for as long. Resolves to how many. */
  purge(retentionMs: number): Promise<number>;

  /** Adds lines to the log of a call, which keeps the newest 10,000. They may be lost in a crash of the machine. */
  log(call: string, lines: readonly CallLogLine[]): Promise<void>;
  /** Lines after number `after`, oldest first. */
  logs(call: string, page: { readonly after?: number; readonly limit: number }): Promise<LogPage>;
  /** Inputs that wait or run, by function and version, for those who scale nodes. */
  backlog(): Promise<Backlog[]>;
}

export interface Created {
  /** Of the call that is meant. */
  readonly id: string;
  /** False where it was known. */
  readonly created: boolean;
}

/** A function that a node can run; `version` is that of a deployed app. */
export interface Runnable {
  readonly function: string;
  readonly version?: number;
}

export interface Claim {
  /** Name of the node, for people. */
  readonly node: string;
  readonly functions: readonly Runnable[];
  /** Chunks at most. */
  readonly limit: number;
  /** Milliseconds without `renew` after which they are others' to lease. */
  readonly leaseMs: number;
}

export interface LeaseName {
  readonly call: string;
  /** Number of the chunk. */
  readonly index: number;
  /** Grows with each lease of the chunk, so that what an earlier one says does not count. */
  readonly fence: number;
}

export interface Lease extends LeaseName, Runnable {
  readonly options: Readonly<Record<string, unknown>>;
  readonly retries: CallStart['retries'];
  /** Position of its first input in the call. */
  readonly first: number;
  readonly count: number;
  readonly block: Uint8Array<ArrayBuffer>;
  /** Positions in the call that have an outcome, and are not to be run: `[first, count, …]`, rising. */
  readonly settled: readonly number[];
  /**
   * Leases of this chunk that ended with neither an acknowledgement that finished or released it, nor a cancelled call,
   * since an outcome of it was last taken.
   */
  readonly losses: number;
  /** How often the function failed on inputs that have no outcome, as the last acknowledgement told: `[position, times, …]`. */
  readonly failures: readonly number[];
}

export type LeaseFate = 'held' | 'lost' | 'cancelled';

export interface Acknowledgement {
  readonly lease: LeaseName;
  readonly outcomes: readonly CallOutcome[];
  /** Tries after the first since the last acknowledgement. */
  readonly retried: number;
  /** What later leases are told of failures: of all inputs that will be tried again. Default: what was told before. */
  readonly failures?: readonly number[];
  /**
   * What becomes of the lease: `keep` it, for more will come; `finish` it, for each input has an outcome; or `release`
   * it, so that another takes it `afterMs` from now. Once each input has an outcome the chunk is finished anyway; one that
   * is said to be, and is not, since a retry has forgotten some, is released.
   */
  readonly next: 'keep' | 'finish' | { readonly release: { readonly afterMs: number } };
}

export type StoredStatus = Omit<CallStatus, 'rate' | 'etaSeconds' | 'expires'>;

export interface CallFilter {
  readonly state?: CallState;
  /** `app/function`, or `app/` for all of an app. */
  readonly function?: string;
  /** Calls created before this time, milliseconds since 1970. */
  readonly before?: number;
  readonly limit: number;
}

/**
 * By position, from the outcome of input `from` on and without gaps; or as they came, after number `after`, which for all
 * is 0.
 */
export type OutcomePage = ({ readonly from: number } | { readonly after: number }) & {
  /** Inputs about; at least one outcome is told, if there is one. */
  readonly limit: number;
  /** Only those that failed; by position there are gaps then. Default: `false`. */
  readonly failed?: boolean;
};

export interface OutcomesPage {
  readonly outcomes: readonly CallOutcome[];
  /** The next page's `from` or `after`. */
  readonly next: number;
  /** Whether no more will come, as the call is now. */
  readonly end: boolean;
}

export interface LogPage {
  readonly lines: readonly CallLogLine[];
  readonly next: number;
}

export interface Backlog extends Runnable {
  readonly pending: number;
  readonly running: number;
}
