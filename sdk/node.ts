/** The contract of a node: what a connection asks of it, whether it is behind HTTP or in this process. */
import type { Lane } from '../shard/contract.ts';
import type { CollectionInfo, Explanation, SearchSize } from '../shard/app/collection.ts';
import type { Scaling } from '../shard/app/scaling.ts';
import type { FunctionStats } from '../shard/app/stats.ts';
import type { RemoteError } from '../shard/wire/message.ts';
import type { NodeCalls } from './call/node-calls.ts';
import type { NodeInfo } from './contract.ts';
import type { NodeVolumes } from './volume/node-volumes.ts';

/** One call of one function: what all its batches have in common. */
export interface Call {
  readonly function: string;
  /** Unique among all calls of all clients. */
  readonly id: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Under which nodes journal outputs. Default: they don't. */
  readonly key?: string;
}

/** One run of a generator. */
export interface StreamStart {
  readonly call: Call;
  /** Number of the run in the call, from 0. */
  readonly batch: number;
  /** How often the function failed on this input before. */
  readonly failures: number;
  readonly input: unknown;
  /** Items that may wait to be taken; `Node.taken` makes room for more. */
  readonly ahead: number;
}

/** Items that came together, or why the function failed, which comes last. */
export type StreamPart = { readonly items: readonly unknown[] } | { readonly error: RemoteError };

/** How many items of a run were taken in all. */
export interface Taken {
  readonly call: string;
  readonly batch: number;
  readonly count: number;
}

export interface Node extends AsyncDisposable {
  /** For people: its address, or `local`. */
  readonly url: string;
  /** Durable calls there; nothing where none can be kept. */
  readonly calls: NodeCalls | undefined;
  /** Volumes there, asked until the signal aborts; nothing where none can be kept. */
  readonly volumes: ((signal: AbortSignal) => NodeVolumes) | undefined;
  /** A way to run the batches of one call there. */
  lane<I, O>(call: Call): Lane<I, O>;
  /** Runs a generator there. Throws as `Lane.send` does; leaving the loop, and the signal, end it. */
  stream(start: StreamStart, signal: AbortSignal): AsyncIterable<StreamPart>;
  /** Lets a generator go on. Throws if the node can't be told. */
  taken(taken: Taken): Promise<void>;
  /** What the node says of itself now. */
  info(): Promise<NodeInfo>;
  /** What a function of an app does there. Throws `FUNCTION_NOT_FOUND`, and `OPTION_INVALID` for a built-in one. */
  functionStats(name: string): Promise<FunctionStats>;
  /** Changes how many workers it has there, until the node is started again. Throws as `functionStats` does. */
  scaleFunction(name: string, changes: Partial<Scaling>): Promise<void>;
  /** Collections there, by when they were made. */
  collections(): Promise<readonly CollectionInfo[]>;
  /** Items in the collection of that name; 0 if there is none. */
  collectionSize(name: string): Promise<number>;
  /** How searches would be carried out there. Throws `COLLECTION_NOT_FOUND`. */
  explain(collection: string, size: Required<SearchSize>): Promise<Explanation>;
  /** Resolves when all that is on its way there has ended; nothing more may be sent. */
  retire(): Promise<void>;
  /** Removes the collection, if there is one. */
  dropCollection(name: string): Promise<void>;
  /** Inputs whose outputs it has journaled under the key: `[start, end, start, end, …]`, rising, ends not included. */
  journaled(key: string, signal: AbortSignal): Promise<readonly number[]>;
  /** Removes what is journaled under the key. */
  forget(key: string): Promise<void>;
}

/** The nodes of an open connection. */
export interface Nodes {
  /** Those there are now. */
  readonly nodes: readonly Node[];
  /** Aborts when the connection closes. */
  readonly closed: AbortSignal;
  /** Calls `changed` after nodes came or went, until the function that it returns is called. */
  subscribe(changed: () => void): () => void;
}
