import type { Query } from '../contract.ts';
import type { HostedFunction } from './contract.ts';
import { Options } from './options.ts';
import { acceptQuery } from './query.ts';

const DEFAULT_K = 10;
const MAX_K = 65_536;
/** Matches that one part may make: an object each, so that they take tens of megabytes and not gigabytes. */
const PART_MATCHES = 2 ** 17;

/** A query becomes the `k` best items, best first, as `{id, score}`. Options: `collection`, `k` (default 10). */
export const topK: HostedFunction<Query> = {
  name: 'topK',
  sequential: false,
  bind(given, engine) {
    const options = new Options('topK', given, ['collection', 'k']);
    const k = options.positive('k', MAX_K) ?? DEFAULT_K;
    const collection = engine.existingCollection(options.collection());
    return {
      partInputs: Math.max(1, Math.floor(PART_MATCHES / k)),
      accept: (input) => acceptQuery(input, collection),
      async run(queries, signal) {
        return { kind: 'values', values: await collection.topK(queries, { k, signal }) };
      },
    };
  },
};
