/** The contract of the journal's thread: what completed under the keys of maps, in a file of this node. */

/** Bytes of the hash of one input. */
export const HASH_BYTES = 16;

/** Inputs of one entry at most, so that those around an input are found by their first. */
export const MAX_ENTRY_INPUTS = 4096;

/** What a key stands for. A key that was used for one use is refused for another. */
export interface KeyUse {
  readonly key: string;
  readonly function: string;
  /** Options of the function, as JSON with sorted names. */
  readonly options: string;
  /** The node's model and its dims. */
  readonly model: string;
}

/** Consecutive inputs of a map: `[first, count, first, count, …]`, rising. */
export type Spans = readonly number[];

/** Inputs one after the other in one buffer. */
export interface PackedInputs {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each ends. */
  readonly ends: Uint32Array<ArrayBuffer>;
}

/** Outputs that the journal has for consecutive inputs of a batch. */
export interface Hit {
  /** Position of the first input in the batch. */
  readonly position: number;
  readonly count: number;
  /** The block that has them, and where in it they begin. */
  readonly block: number;
  readonly offset: number;
}

export type Found =
  | {
      readonly kind: 'found';
      /** Number of the key in the file. */
      readonly id: number;
      /** `HASH_BYTES` of each input. */
      readonly hashes: Uint8Array<ArrayBuffer>;
      readonly hits: readonly Hit[];
    }
  /** The key was used for something else; or at `index` with another input. */
  | { readonly kind: 'conflict'; readonly used: KeyUse; readonly index?: number };

/** Outputs of consecutive inputs, the first of which is number `first` of the map. */
export interface Entry {
  readonly first: number;
  readonly count: number;
  /** These and the block have buffers of their own, which move to the thread. */
  readonly hashes: Uint8Array<ArrayBuffer>;
  /** As in docs/wire.md. */
  readonly block: Uint8Array<ArrayBuffer>;
}

export interface JournalSummary {
  readonly key: string;
  readonly function: string;
  /** Inputs whose outputs it has. */
  readonly inputs: number;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly used: number;
}

/** What the thread does. Times are milliseconds since 1970. */
export interface JournalMethods {
  /** Enters the key, if it is new, and looks the inputs up. */
  find(use: KeyUse, spans: Spans, inputs: PackedInputs): Found;
  /** A block; undefined if it was forgotten meanwhile. */
  read(block: number): Uint8Array<ArrayBuffer> | undefined;
  /** Resolves when the entries are in the file. False if there is no room for them, or the key was forgotten. */
  write(id: number, entries: readonly Entry[]): boolean;
  /** Positions of the inputs whose outputs are there: `[start, end, start, end, …]`, rising, ends not included. */
  ranges(key: string): number[];
  list(): JournalSummary[];
  forget(key: string): void;
  /** Forgets keys that were not used for too long. */
  purge(): void;
}

export interface StoreOptions {
  readonly path: string;
  /** Milliseconds after its last use that a key is kept. */
  readonly journalMs: number;
  /** Bytes of all keys together, above which those that were not used for longest are forgotten. */
  readonly journalBytes: number;
}
