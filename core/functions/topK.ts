import { requireSearch, SEARCH_OPTIONS } from '../../shard/app/collection-options.ts';
import type { Query } from '../contract.ts';
import type { HostedFunction } from './contract.ts';
import { ofCollection } from './of-collection.ts';
import { acceptQuery } from './query.ts';

const DEFAULT_K = 10;
/** Matches that one part may make: an object each, so that they take tens of megabytes and not gigabytes. */
const PART_MATCHES = 2 ** 17;

/**
 * A query becomes the `k` best items, best first, as `{id, score}`. Options: `collection`, `k` (default 10), `filter`,
 * `recallTarget`, `oversample`, and what the collection is to be like.
 */
export const topK: HostedFunction<Query> = {
  name: 'topK',
  sequential: false,
  bind(given, engine) {
    const { name, stated, rest } = ofCollection('topK', given, SEARCH_OPTIONS);
    const search = requireSearch({ k: DEFAULT_K, ...rest });
    const collection = engine.existingCollection(name, stated);
    return {
      partInputs: Math.max(1, Math.floor(PART_MATCHES / search.k)),
      accept: (input) => acceptQuery(input, collection),
      async run(queries, signal) {
        return { kind: 'values', values: await collection.topK(queries, { ...search, signal }) };
      },
    };
  },
};
