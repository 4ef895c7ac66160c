/** The contract of a node: what a connection asks of it, whether it is behind HTTP or in this process. */
import type { Lane } from '../shard/contract.ts';
import type { NodeInfo } from './contract.ts';

/** One call of one function: what all its batches have in common. */
export interface Call {
  readonly function: string;
  /** Unique among all calls of all clients. */
  readonly id: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface Node extends AsyncDisposable {
  /** For people: its address, or `local`. */
  readonly url: string;
  /** A way to run the batches of one call there. */
  lane<I, O>(call: Call): Lane<I, O>;
  /** What the node says of itself now. */
  info(): Promise<NodeInfo>;
  /** Items in the collection of that name; 0 if there is none. */
  collectionSize(name: string): Promise<number>;
  /** Removes the collection, if there is one. */
  dropCollection(name: string): Promise<void>;
}

/** The nodes of an open connection, and the signal that aborts when it closes. */
export interface Nodes {
  readonly nodes: readonly Node[];
  readonly closed: AbortSignal;
}
