/** All of a store, as it goes from one to another. */
import type { CallState } from '../../../shard/call/contract.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Times are milliseconds since 1970. */
export interface CallRecord {
  readonly id: string;
  readonly function: string;
  readonly version: number | null;
  readonly key: string | null;
  readonly single: boolean;
  readonly state: CallState;
  /** Both packed as in pack.ts. */
  readonly options: Bytes;
  readonly retries: Bytes | null;
  readonly chunks: number;
  readonly inputs: number;
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly retried: number;
  readonly created: number;
  /** When chunks were last appended. */
  readonly fed: number;
  readonly finished: number | null;
}

export interface ChunkRecord {
  readonly index: number;
  readonly first: number;
  readonly count: number;
  readonly block: Bytes;
  /** Inputs that have an outcome. */
  readonly settled: number;
  readonly fence: number;
  readonly losses: number;
  /** As in Lease. */
  readonly failures: readonly number[];
}

/** One of the two is there; a failure is packed as in pack.ts. */
export interface OutcomeRecord {
  readonly first: number;
  readonly count: number;
  readonly block?: Bytes | undefined;
  readonly failure?: Bytes | undefined;
}

/** A call with all that belongs to it. */
export interface CallContents {
  readonly call: CallRecord;
  /** By rising index. */
  readonly chunks: () => AsyncIterable<ChunkRecord>;
  /** In the order in which they came. */
  readonly outcomes: () => AsyncIterable<OutcomeRecord>;
  /** Of its log, oldest first, packed as in pack.ts. */
  readonly lines: () => AsyncIterable<Bytes>;
}

/** A store that can be read and written as a whole, while no node uses it. */
export interface Movable extends AsyncDisposable {
  /** For people, without secrets. */
  readonly name: string;
  /** Leases that are not over: somebody uses it. */
  leases(): Promise<number>;
  /** Ids of its calls, oldest first. */
  calls(): Promise<string[]>;
  /** Undefined if there is none. */
  read(call: string): Promise<CallContents | undefined>;
  /**
   * Adds a call, whole or not at all; may read it again from its beginning. Nobody has its chunks, and what is said under a lease of before does not count.
   * Throws what `check` throws, once all is written and before it is there.
   */
  write(contents: CallContents, check: () => void): Promise<void>;
}
