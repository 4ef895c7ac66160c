/** The contract between a node and the processes that run an app: what each says to the other. */
import type { LogLevel } from '../../shard/app/context.ts';
import type { FunctionDefinition } from '../../shard/app/definition.ts';
import type { Change, FilePage, VolumeAt } from '../../shard/volume/contract.ts';
import type { Issue } from '../../shard/app/validate.ts';
import type { PackedError } from '../../core/thread/packed-error.ts';

/** Inputs of a batch as they came, in the bytes beside the message. */
export interface PackedInputs {
  /** One after the other: the position of the first input, how many there are, and how many bytes they take. */
  readonly blocks: readonly { readonly first: number; readonly count: number; readonly bytes: number }[];
  /** Positions of those that are meant, ascending. Default: all of them. */
  readonly only?: Uint32Array;
}

/** Positions in the map: of each input, or of the first of the batch, where the others follow it. */
export type Places = Float64Array | number;

/** Some inputs of one batch, as they are sent. */
export type PackedPiece = Omit<Piece, 'inputs' | 'indices'> & { readonly inputs: PackedInputs };

/** Some inputs of one batch. */
export interface Piece {
  /** Known to this worker only. */
  readonly id: number;
  readonly function: string;
  /** Whether each input is the array of the handler's arguments, and not its one argument. */
  readonly spread: boolean;
  readonly call: string;
  readonly batch: number;
  /** How often the function failed on these inputs before. */
  readonly failures: number;
  /** Whether to tell of each run when it begins: a worker died of one of these inputs, and it is to be found. */
  readonly watched: boolean;
  /** Of a generator whose items are streamed, and not gathered: how many of them may wait to be taken. */
  readonly ahead?: number;
  readonly places: Places;
  /** Positions of the inputs in the batch, ascending. */
  readonly indices: readonly number[];
  readonly inputs: readonly unknown[];
}

/** Why an input failed. */
export interface Failure {
  /** In the piece. */
  readonly position: number;
  readonly error: PackedError;
  /** Of an input that does not fit its schema; none if it is not the arguments that it should be. */
  readonly issues?: readonly Issue[];
}

/** What became of inputs of a piece, by their positions in it. */
export interface Results {
  readonly piece: number;
  /** Whose outputs the bytes beside the message are, a block: `count` consecutive ones, also in their batch. */
  readonly outputs?: { readonly position: number; readonly count: number };
  readonly failures: readonly Failure[];
  /** Nothing of this piece runs any more; inputs that are not reported by then were not wanted. */
  readonly done: boolean;
}

export interface AppDescription {
  readonly name: string;
  readonly functions: readonly FunctionDescription[];
}

export type FunctionDescription = Pick<FunctionDefinition, 'name' | 'workers' | 'generator' | 'options'> & {
  /** Under which the module exports its handle, if it does. */
  readonly exported?: string;
};

export type ToWorker =
  /** Run the functions of one unit from now on: `entered` or `failed` answers, before any piece is sent. */
  | { readonly type: 'enter'; readonly workers: string }
  /** End in order. */
  | { readonly type: 'end' }
  | { readonly type: 'run'; readonly piece: PackedPiece }
  /** The outputs of this piece are not taken: let it wait, or go on. */
  | { readonly type: 'hold'; readonly piece: number; readonly full: boolean }
  /** How many items of this piece have been taken in all. */
  | { readonly type: 'taken'; readonly piece: number; readonly count: number }
  /** Nobody waits for this piece: end what has not begun, and tell the handlers. */
  | { readonly type: 'abort'; readonly piece: number }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'refusal'; readonly id: number; readonly error: PackedError };

export type FromWorker =
  | { readonly type: 'ready'; readonly app: AppDescription }
  /** The app could not be loaded, or its unit not be entered. */
  | { readonly type: 'failed'; readonly error: PackedError }
  | { readonly type: 'entered' }
  /** There are handlers to wait for, or a state to put away, before the process ends, which may take a while. */
  | { readonly type: 'exiting' }
  /** A run begins, on these positions. Told of handlers with a timeout, and of pieces that are watched. */
  | { readonly type: 'begun'; readonly piece: number; readonly positions: readonly number[] }
  | { readonly type: 'results'; readonly results: Results }
  /** The inputs of a piece could not be read. */
  | { readonly type: 'unreadable'; readonly piece: number; readonly message: string }
  /** Items that the one input of this piece yields; the bytes beside the message are they, a block. */
  | { readonly type: 'yields'; readonly piece: number; readonly count: number }
  | { readonly type: 'log'; readonly entry: LogEntry }
  /** What the process takes of the machine's memory, when that has changed much. */
  | { readonly type: 'memory'; readonly bytes: number }
  /** Of the engine, for a run of this piece; `answer` or `refusal` comes back. */
  | { readonly type: 'ask'; readonly id: number; readonly piece: number; readonly question: Question };

/** What a handler asks about volumes; the bytes of files it reads and writes itself. */
export type VolumeQuestion =
  | { readonly ask: 'place' }
  | { readonly ask: 'open'; readonly name: string }
  | { readonly ask: 'stat'; readonly at: VolumeAt; readonly path: string }
  | { readonly ask: 'list'; readonly at: VolumeAt; readonly page: FilePage }
  | { readonly ask: 'commit'; readonly at: VolumeAt; readonly changes: readonly Change[]; readonly commit: string };

/** What a handler may ask of the engine: one of its functions over some inputs, or how large a collection is. */
export type Question =
  | { readonly volume: VolumeQuestion }
  | { readonly function: string; readonly options: object; readonly inputs: readonly unknown[] }
  | { readonly size: string };

export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Of the run that wrote it, where one did. */
  readonly run?: { readonly function: string; readonly call: string; readonly batch: number; readonly index: number };
}
