import type { MapOptions } from '../contract.ts';
import { SdkError } from '../errors.ts';

/** How to run for effects alone: there are no outputs to order. */
export type ForEachOptions = Omit<MapOptions<false>, 'returnErrors' | 'ordered'>;

/** Runs a map for what its function does. Throws `OPTION_INVALID` for options about outputs. */
export async function forEffects(
  options: ForEachOptions,
  map: (options: MapOptions<false>) => AsyncIterable<unknown>,
): Promise<void> {
  for (const choice of ['ordered', 'returnErrors']) {
    if (Object.hasOwn(options, choice)) {
      throw new SdkError('OPTION_INVALID', `forEach has no option ${choice}: it has no outputs`);
    }
  }
  for await (const _ of map({ ...options, ordered: false }));
}
