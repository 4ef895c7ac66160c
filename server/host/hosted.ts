import type { HostedFunction } from '../../core/functions/contract.ts';
import { invalid, kindOf, Options } from '../../core/functions/options.ts';
import type { Pool } from './pool.ts';

/**
 * A function of an app as the node's others are. Options: `spread`, whether each input is the array of the handler's
 * arguments; default `false`, its one argument.
 */
export function hostedOn(pool: Pool, name: string): HostedFunction {
  return {
    name,
    sequential: false,
    bind(given, engine, batch) {
      const spread = new Options(name, given, ['spread']).boolean('spread') ?? false;
      return {
        accept(input) {
          if (!spread || Array.isArray(input)) return input;
          throw invalid(`Expected the arguments of ${name} as an array, got ${kindOf(input)}`);
        },
        run: (inputs, signal, indices) => pool.run({ engine, batch, spread, signal, inputs, indices }),
      };
    },
  };
}
