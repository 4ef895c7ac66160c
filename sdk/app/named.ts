import type { Scaling } from '../../shard/app/scaling.ts';
import type { Inputs, MapOptions, Outputs } from '../contract.ts';
import type { Nodes } from '../node.ts';
import { remoteMap } from '../remote-function.ts';
import { type ForEachOptions, forEffects } from './for-each.ts';
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
  /** What it does now, on all nodes and on each. Built-in functions have no workers, and no node tells of them. */
  stats(): Promise<CalledStats>;
  /** As that of a `CalledFunction`. */
  updateAutoscaler(changes: Partial<Scaling>): Promise<void>;
}

/** One input gains nothing from waiting for others. */
export const ALONE: Pick<MapOptions, 'initialBatchSize' | 'linger'> = { initialBatchSize: 1, linger: 0 };

export function namedOn<I, O>(
  nodes: Nodes,
  name: string,
  options: Readonly<Record<string, unknown>>,
): RemoteFunction<I, O> {
  const map = <E extends boolean>(inputs: Inputs<I>, given: MapOptions<E>): Outputs<O, E> =>
    remoteMap(nodes, name, inputs, { options, map: given });
  return {
    name,
    async remote(input) {
      const [output] = await Array.fromAsync(map<false>([input], ALONE));
      return output as O;
    },
    remoteGen: (input) => remoteGen<O>(nodes, input, { name, options, retries: {}, signal: undefined }),
    map: (inputs, given = {}) => map(inputs, given),
    forEach: (inputs, given = {}) => forEffects(given, (settled) => map(inputs, settled)),
    stats: () => statsOn(nodes, name),
    updateAutoscaler: (changes) => scaleOn(nodes, name, changes),
  };
}
