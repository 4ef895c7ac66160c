/** The contract of the thread that has the file of calls open. */
import type { ChunkStore } from '../contract.ts';

/** What the thread does: the verbs of the store, and what it is called. */
export type StoreMethods = {
  readonly [Verb in Exclude<keyof ChunkStore, 'id' | typeof Symbol.asyncDispose>]: ChunkStore[Verb];
} & { readonly describe: () => { readonly id: string } };

/** What the thread is started with. */
export interface StoreOptions {
  readonly path: string;
  /** Milliseconds since 1970 in its one element, where time is to pass as another says. Default: the machine's clock. */
  readonly clock?: Float64Array<SharedArrayBuffer>;
}
