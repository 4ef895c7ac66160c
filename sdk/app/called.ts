import { qualified } from '../../shard/app/definition.ts';
import { versioned } from '../../shard/app/versioned.ts';
import type { Scaling } from '../../shard/app/scaling.ts';
import { isAsyncIterable, isIterable, requireIterable, zip } from '../../shard/iterables.ts';
import { requireKnown } from '../../shard/options.ts';
import type { Inputs, MapOptions, Outputs } from '../contract.ts';
import type { RetryPolicy } from '../../shard/retry.ts';
import { callNodesOf } from '../call/ask.ts';
import type { FunctionCall } from '../call/function-call.ts';
import { type SpawnMapOptions, spawnOn } from '../call/spawn.ts';
import { SdkError } from '../errors.ts';
import type { Nodes } from '../node.ts';
import { countOf, remoteMap } from '../remote-function.ts';
import type { FunctionHandle, GeneratorHandle } from './handle.ts';
import { type ForEachOptions, forEffects } from './for-each.ts';
import { remoteGen } from './remote-gen.ts';
import { type CalledStats, scaleOn, statsOn } from './stats.ts';

/** The tuples that arguments of type `A` may be: all of them, or without those at the end that are optional. */
type Prefixes<A extends readonly unknown[]> = A extends readonly []
  ? []
  : A extends readonly [infer First, ...infer Rest]
    ? [First, ...Prefixes<Rest>]
    : A extends readonly [(infer First)?, ...infer Rest]
      ? number extends A['length']
        ? A
        : [] | [First, ...Prefixes<Rest>]
      : A;

type Columns<A extends readonly unknown[]> = { [K in keyof A]: Inputs<A[K]> };

/** Inputs for each argument, and then perhaps options. */
export type MapArguments<A extends readonly unknown[], Options> =
  Prefixes<A> extends infer P
    ? P extends readonly unknown[]
      ? Columns<P> | [...Columns<P>, options: Options]
      : never
    : never;

/** A function of an app, through a connection: the nodes run it. */
export interface CalledFunction<A extends readonly unknown[], O> {
  /** As the nodes know it: `app/function`. */
  readonly name: string;
  /** Runs one input. Rejects with an `InputError` if it fails. */
  remote(...args: A): Promise<O>;
  /**
   * Runs the function on inputs, one iterable for each parameter, the shortest of which ends the map:
   * `map(texts, repeat(2))`. Options come last. Domains and defaults are in docs/map.md; `retries` are the function's.
   */
  map<E extends boolean = false>(...args: MapArguments<A, MapOptions<E>>): Outputs<O, E>;
  /** The same, for inputs that are the arguments already: `starmap([['a', 1], ['b', 2]])`. */
  starmap<E extends boolean = false>(inputs: Inputs<A>, options?: MapOptions<E>): Outputs<O, E>;
  /** As `map`, for a function that is run for what it does. Rejects with the first failure. */
  forEach(...args: MapArguments<A, ForEachOptions>): Promise<void>;
  /**
   * Begins to run one input, whoever waits for it. Resolves once the nodes have stored it; `get` of the call gives the
   * output. Rejects with `STORES_DIFFER`, `NO_STORE`, or a `NodeError`, such as one of code `STORE_UNAVAILABLE`.
   */
  spawn(...args: A): Promise<FunctionCall<O>>;
  /**
   * As `map`, but the nodes go on whoever waits for it. Resolves once they have stored all inputs; they begin with the
   * first while others are uploaded. If the inputs throw, the call is cancelled; one with a `key` may be gone on with.
   */
  spawnMap(...args: MapArguments<A, SpawnMapOptions>): Promise<FunctionCall<O, O[]>>;
  /** The same, for inputs that are the arguments already. */
  spawnStarmap(inputs: Inputs<A>, options?: SpawnMapOptions): Promise<FunctionCall<O, O[]>>;
  /** What it does now, on all nodes and on each: its workers, and the inputs that run and wait there. */
  stats(): Promise<CalledStats>;
  /**
   * Changes how many workers it has on each node of the connection, until that is started again; what is left out stays.
   * Rejects with `OPTION_INVALID` for values out of their domain.
   */
  updateAutoscaler(changes: Partial<Scaling>): Promise<void>;
}

/** A generator function of an app, through a connection: the nodes run it. */
export interface CalledGenerator<A extends readonly unknown[], Y> extends Omit<CalledFunction<A, Y[]>, 'remote'> {
  /**
   * Runs one input, and yields its items as the function yields them, which is at most 16 ahead of who takes them.
   * Leaving the loop ends the function. Rejects with an `InputError` if it fails, with `STREAM_LOST` if its node is lost
   * after an item has come; before that it is sent again.
   */
  remoteGen(...args: A): AsyncGenerator<Y, void, undefined>;
}

/** What holds for all that is called through one `CalledFunction`. */
export interface CallOptions {
  /** Ends what runs, with the signal's reason; of what is spawned, the upload, and then the call is cancelled. */
  readonly signal?: AbortSignal;
  /** In place of those of the function, field by field. */
  readonly retries?: Partial<RetryPolicy>;
  /** Of what is spawned, unless `spawnMap` says another. Default: none. */
  readonly key?: string;
}

/** Which function, and how it is called. */
export interface Bound {
  /** As nodes know it: `app/function`. */
  readonly name: string;
  /** Of a deployed app. Default: the current one. */
  readonly version?: number | undefined;
  readonly retries: Partial<RetryPolicy> | undefined;
}

export type CalledEither<A extends readonly unknown[], O> = CalledFunction<A, O> &
  Pick<CalledGenerator<A, O>, 'remoteGen'>;

/** One input gains nothing from waiting for others. */
export const ALONE: Pick<MapOptions, 'initialBatchSize' | 'linger'> = { initialBatchSize: 1, linger: 0 };

export const CALL_NAMES: readonly (keyof CallOptions)[] = ['signal', 'retries', 'key'];

/** A function by its handle. */
export function calledOn<A extends readonly unknown[], O>(
  nodes: Nodes,
  handle: FunctionHandle<A, O> | GeneratorHandle<A, O>,
  { appNamed, ...call }: CallOptions & { readonly appNamed: (app: string) => string },
): CalledEither<A, O> {
  requireKnown(call, new Set(CALL_NAMES), 'function');
  const name = qualified(appNamed(handle.app), handle.name);
  return boundOn(nodes, { name, retries: { ...handle.options.retries, ...call.retries } }, call);
}

/** All that a function of either kind has; its type says which of it is there. */
export function boundOn<A extends readonly unknown[], O>(
  nodes: Nodes,
  { name: plain, version, retries = {} }: Bound,
  call: CallOptions,
): CalledEither<A, O> {
  const name = versioned({ name: plain, ...(version !== undefined && { version }) });

  function signalOf(given: AbortSignal | undefined): AbortSignal | undefined {
    const signals = [call.signal, given].filter((signal) => signal !== undefined);
    return signals.length > 1 ? AbortSignal.any(signals) : signals[0];
  }

  function run<E extends boolean>(inputs: Inputs<unknown>, spread: boolean, map: MapOptions<E>): Outputs<O, E> {
    // What the map says wins, field by field.
    const policy = { ...retries, ...map.retries };
    const signal = signalOf(map.signal);
    const settled = { ...map, retries: policy, ...(signal && { signal }) };
    return remoteMap(nodes, name, inputs, { options: spread ? { spread } : {}, map: settled });
  }

  function spawned<R>(inputs: Inputs<unknown>, kind: SpawnKind, given: SpawnMapOptions): Promise<FunctionCall<O, R>> {
    const policy = { ...retries, ...given.retries };
    const signal = signalOf(given.signal);
    const settled = {
      ...(call.key !== undefined && { key: call.key }),
      ...given,
      ...(Object.keys(policy).length > 0 && { retries: policy }),
      ...(signal && { signal }),
    };
    const options = kind === 'columns' ? {} : { spread: true };
    const start = { function: plain, ...(version !== undefined && { version }), options };
    return spawnOn<O, R>(callNodesOf(nodes), { ...start, single: kind === 'single', inputs }, settled);
  }

  function mapped<E extends boolean>(args: readonly unknown[]): Outputs<O, E> {
    const { inputs, spread, total, options } = joined(split<MapOptions<E>>(args, name));
    return run(inputs, spread, { ...total, ...options });
  }

  return {
    name,
    async remote(...args) {
      const [output] = await Array.fromAsync(run([args], true, ALONE));
      return output as O;
    },
    remoteGen: (...args) =>
      remoteGen<O>(nodes, args, { name, options: { spread: true }, retries, signal: call.signal }),
    map: (...args) => mapped(args),
    starmap(inputs, options = {}) {
      requireIterable(inputs, 'inputs');
      return run(inputs, true, options);
    },
    async forEach(...args) {
      const { columns, options } = split<ForEachOptions>(args, name);
      await forEffects(options, (settled) => mapped([...columns, settled]));
    },
    spawn: (...args) => spawned([args], 'single', {}),
    async spawnMap(...args) {
      const { inputs, spread, total, options } = joined(split<SpawnMapOptions>(args, name));
      return spawned(inputs, spread ? 'tuples' : 'columns', { ...total, ...options });
    },
    async spawnStarmap(inputs, options = {}) {
      requireIterable(inputs, 'inputs');
      return spawned(inputs, 'tuples', options);
    },
    stats: () => statsOn(nodes, name),
    updateAutoscaler: (changes) => scaleOn(nodes, name, changes),
  };
}

/** One input; several, each the one argument; or several, each the array of the arguments. */
type SpawnKind = 'single' | 'columns' | 'tuples';

interface Split<Options> {
  readonly columns: readonly Inputs<unknown>[];
  readonly options: Options;
}

interface Joined<Options> {
  readonly inputs: Inputs<unknown>;
  /** Whether each input is the array of the arguments. */
  readonly spread: boolean;
  /** How many there are, where that is not seen in the inputs. */
  readonly total: { readonly total?: number };
  readonly options: Options;
}

/** The inputs of one column, or those of several side by side. */
function joined<Options>({ columns, options }: Split<Options>): Joined<Options> {
  if (columns.length === 1) {
    requireIterable(columns[0], 'inputs');
    return { inputs: columns[0]!, spread: false, total: {}, options };
  }
  const counts = columns.map(countOf).filter((count) => count !== undefined);
  const total = counts.length === 0 ? {} : { total: Math.min(...counts) };
  return { inputs: zip(...columns), spread: true, total, options };
}

/** Options are what comes last and can't be read. */
function split<Options extends object>(args: readonly unknown[], name: string): Split<Options> {
  const last = args.at(-1);
  const hasOptions = typeof last === 'object' && last !== null && !isIterable(last) && !isAsyncIterable(last);
  const columns = (hasOptions ? args.slice(0, -1) : args) as readonly Inputs<unknown>[];
  if (columns.length === 0) {
    throw new SdkError(
      'OPTION_INVALID',
      `Expected inputs for ${name}, one iterable for each parameter; for a function without parameters use starmap or spawnStarmap with repeat([], 10)`,
    );
  }
  return { columns, options: (hasOptions ? last : {}) as Options };
}
