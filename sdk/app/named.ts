import type { Scaling } from '../../shard/app/scaling.ts';
import { requireKnown, requireNumber } from '../../shard/options.ts';
import { callNodesOf } from '../call/ask.ts';
import type { FunctionCall } from '../call/function-call.ts';
import { type SpawnMapOptions, spawnOn } from '../call/spawn.ts';
import type { Inputs, MapOptions, Outputs } from '../contract.ts';
import type { Nodes } from '../node.ts';
import { remoteMap } from '../remote-function.ts';
import { ALONE, boundOn, CALL_NAMES, type CalledEither, type CallOptions } from './called.ts';
import { type ForEachOptions, forEffects } from './for-each.ts';
import { requireName } from './options.ts';
import { remoteGen } from './remote-gen.ts';
import { type CalledStats, scaleOn, statsOn } from './stats.ts';

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

const NAMED_NAMES: ReadonlySet<string> = new Set<keyof NamedOptions>([...CALL_NAMES, 'version']);

/** A function of an app by both names. */
export function deployedOn<A extends readonly unknown[], O>(
  nodes: Nodes,
  { app, name }: { readonly app: string; readonly name: string },
  { version, ...call }: NamedOptions,
): CalledEither<A, O> {
  requireKnown({ version, ...call }, NAMED_NAMES, 'function');
  if (version !== undefined) requireNumber('version', version, { from: 1, whole: true });
  return boundOn(nodes, { name: `${app}/${requireName(name, 'a function')}`, version, retries: call.retries }, call);
}

/** A function by what nodes call it, with options of its own. */
export function namedOn<I, O>(
  nodes: Nodes,
  name: string,
  options: Readonly<Record<string, unknown>>,
): RemoteFunction<I, O> {
  const map = <E extends boolean>(inputs: Inputs<I>, given: MapOptions<E>): Outputs<O, E> =>
    remoteMap(nodes, name, inputs, { options, map: given });
  const bound = { function: name, options };
  return {
    name,
    async remote(input) {
      const [output] = await Array.fromAsync(map<false>([input], ALONE));
      return output as O;
    },
    remoteGen: (input) => remoteGen<O>(nodes, input, { name, options, retries: {}, signal: undefined }),
    map: (inputs, given = {}) => map(inputs, given),
    forEach: (inputs, given = {}) => forEffects(given, (settled) => map(inputs, settled)),
    spawn: (input) => spawnOn(callNodesOf(nodes), { ...bound, single: true, inputs: [input] }, {}),
    spawnMap: (inputs, given = {}) => spawnOn(callNodesOf(nodes), { ...bound, single: false, inputs }, given),
    stats: () => statsOn(nodes, name),
    updateAutoscaler: (changes) => scaleOn(nodes, name, changes),
  };
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
