import { requireKnown, requireNumber } from '../../shard/options.ts';
import { callNodesOf } from '../call/ask.ts';
import { spawnOn } from '../call/spawn.ts';
import type { Inputs, MapOptions, Outputs } from '../contract.ts';
import type { Nodes } from '../node.ts';
import { remoteMap } from '../remote-function.ts';
import { ALONE, boundOn, CALL_NAMES, type CalledEither } from './called.ts';
import { forEffects } from './for-each.ts';
import { requireName } from './options.ts';
import type { NamedOptions, RemoteFunction } from './remote-function.ts';
import { remoteGen } from './remote-gen.ts';
import { scaleOn, statsOn } from './stats.ts';

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
