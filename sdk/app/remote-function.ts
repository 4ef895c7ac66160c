/** Loaded by whoever loads this package, also where nothing is called, and so without what calls. */
import type { Scaling } from '../../shard/app/scaling.ts';
import type { FunctionCall } from '../call/function-call.ts';
import type { SpawnMapOptions } from '../call/spawn.ts';
import type { Inputs, MapOptions, Outputs } from '../contract.ts';
import type { CalledEither, CallOptions } from './called.ts';
import type { ForEachOptions } from './for-each.ts';
import type { CalledStats } from './stats.ts';

/** A function that the nodes have, known by its name: `I` is one input, `O` its output, or an item that it yields. */
export interface RemoteFunction<I, O> {
  readonly name: string;
  /** Runs one input. Rejects with an `InputError` if it fails. */
  remote(input: I): Promise<O>;
  /** What a generator function yields for one input, as that of a `CalledGenerator`. */
  remoteGen(input: I): AsyncGenerator<O, void, undefined>;
  map<E extends boolean = false>(inputs: Inputs<I>, options?: MapOptions<E>): Outputs<O, E>;
  /** As `map`, for a function that is run for what it does. Rejects with the first failure. */
  forEach(inputs: Inputs<I>, options?: ForEachOptions): Promise<void>;
  /** As that of a `CalledFunction`. */
  spawn(input: I): Promise<FunctionCall<O>>;
  /** As that of a `CalledFunction`. */
  spawnMap(inputs: Inputs<I>, options?: SpawnMapOptions): Promise<FunctionCall<O, O[]>>;
  /** What it does now, on all nodes and on each. Built-in functions have no workers, and no node tells of them. */
  stats(): Promise<CalledStats>;
  /** As that of a `CalledFunction`. */
  updateAutoscaler(changes: Partial<Scaling>): Promise<void>;
}

/** Which version of a deployed function is called, and what holds for all that is called through it. */
export interface NamedOptions extends CallOptions {
  /** A whole number of 1 or more, for good. Default: the version that is current when a call begins. */
  readonly version?: number;
}

/** What finds functions by their names: a connection. */
interface Naming {
  function<A extends readonly unknown[] = readonly unknown[], O = unknown>(
    app: string,
    name: string,
    options?: NamedOptions,
  ): CalledEither<A, O>;
}

/** `RemoteFunction.fromName(warp, 'app', 'fn')` is `warp.function('app', 'fn')`. */
export const RemoteFunction: {
  fromName<A extends readonly unknown[] = readonly unknown[], O = unknown>(
    warp: Naming,
    app: string,
    name: string,
    options?: NamedOptions,
  ): CalledEither<A, O>;
} = {
  fromName: (warp, app, name, options) => warp.function(app, name, options),
};
