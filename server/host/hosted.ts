import { Options } from '../../core/functions/options.ts';
import type { RoutedFunction } from '../../core/functions/routed.ts';
import { qualified } from '../../shard/app/definition.ts';
import type { FunctionDescription } from './messages.ts';
import type { Pool } from './pool.ts';

/**
 * A function of an app as the node's others are. Options: `spread`, whether each input is the array of the handler's
 * arguments; default `false`, its one argument.
 */
export function hostedOn(pool: Pool, app: string, { name: own, options }: FunctionDescription): RoutedFunction {
  const name = qualified(app, own);
  const { timeout } = options;
  return {
    name,
    workers: pool,
    route(given, engine, batch) {
      const spread = new Options(name, given, ['spread']).boolean('spread') ?? false;
      return (blocks, signal) => pool.run({ function: own, timeout, engine, batch, spread, signal, blocks });
    },
  };
}
