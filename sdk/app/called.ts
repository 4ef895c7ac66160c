import { qualified } from '../../shard/app/definition.ts';
import type { Scaling } from '../../shard/app/scaling.ts';
import { isAsyncIterable, isIterable, requireIterable, zip } from '../../shard/iterables.ts';
import { requireKnown } from '../../shard/options.ts';
import type { Inputs, MapOptions, Outputs } from '../contract.ts';
import { SdkError } from '../errors.ts';
import type { Nodes } from '../node.ts';
import { countOf, remoteMap } from '../remote-function.ts';
import type { FunctionHandle, GeneratorHandle } from './handle.ts';
import { type ForEachOptions, forEffects } from './for-each.ts';
import { ALONE } from './named.ts';
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
  /** Ends what runs, with the signal's reason. */
  readonly signal?: AbortSignal;
}

const CALL_NAMES: ReadonlySet<string> = new Set<keyof CallOptions>(['signal']);

/** All that a function of either kind has; its type says which of it is there. */
export function calledOn<A extends readonly unknown[], O>(
  nodes: Nodes,
  handle: FunctionHandle<A, O> | GeneratorHandle<A, O>,
  call: CallOptions = {},
): CalledFunction<A, O> & Pick<CalledGenerator<A, O>, 'remoteGen'> {
  requireKnown(call, CALL_NAMES, 'function');
  const name = qualified(handle.app, handle.name);
  const { retries } = handle.options;

  function run<E extends boolean>(inputs: Inputs<unknown>, spread: boolean, map: MapOptions<E>): Outputs<O, E> {
    // What the map says wins, field by field.
    const policy = { ...retries, ...map.retries };
    const signals = [call.signal, map.signal].filter((signal) => signal !== undefined);
    const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
    const settled = { ...map, retries: policy, ...(signal && { signal }) };
    return remoteMap(nodes, name, inputs, { options: spread ? { spread } : {}, map: settled });
  }

  function mapped<E extends boolean>(args: readonly unknown[]): Outputs<O, E> {
    const { columns, options } = split<MapOptions<E>>(args, name);
    if (columns.length === 1) {
      requireIterable(columns[0], 'inputs');
      return run(columns[0]!, false, options);
    }
    const counts = columns.map(countOf).filter((count) => count !== undefined);
    const total = counts.length === 0 ? {} : { total: Math.min(...counts) };
    return run(zip(...columns), true, { ...total, ...options });
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
    stats: () => statsOn(nodes, name),
    updateAutoscaler: (changes) => scaleOn(nodes, name, changes),
  };
}

/** Options are what comes last and can't be read. */
function split<Options extends object>(
  args: readonly unknown[],
  name: string,
): { columns: readonly Inputs<unknown>[]; options: Options } {
  const last = args.at(-1);
  const hasOptions = typeof last === 'object' && last !== null && !isIterable(last) && !isAsyncIterable(last);
  const columns = (hasOptions ? args.slice(0, -1) : args) as readonly Inputs<unknown>[];
  if (columns.length === 0) {
    throw new SdkError(
      'OPTION_INVALID',
      `Expected inputs for ${name}, one iterable for each parameter; for a function without parameters use starmap(repeat([], 10))`,
    );
  }
  return { columns, options: (hasOptions ? last : {}) as Options };
}
