import type { HostedFunction } from '../../core/functions/contract.ts';
import { invalid, kindOf, Options } from '../../core/functions/options.ts';
import { qualified } from '../../shard/app/definition.ts';
import type { FunctionDescription } from './messages.ts';
import type { Pool } from './pool.ts';

/**
 * A function of an app as the node's others are. Options: `spread`, whether each input is the array of the handler's
 * arguments; default `false`, its one argument.
 */
export function hostedOn(pool: Pool, app: string, { name: own, options }: FunctionDescription): HostedFunction {
  const name = qualified(app, own);
  const { timeout } = options;
  return {
    name,
    workers: pool,
    sequential: false,
    bind(given, engine, batch) {
      const spread = new Options(name, given, ['spread']).boolean('spread') ?? false;
      return {
        accept(input) {
          if (!spread || Array.isArray(input)) return input;
          throw invalid(`Expected the arguments of ${name} as an array, got ${kindOf(input)}`);
        },
        run: (inputs, signal, indices) =>
          pool.run({ function: own, timeout, engine, batch, spread, signal, inputs, indices }),
      };
    },
  };
}
