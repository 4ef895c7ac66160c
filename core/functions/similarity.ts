import type { Id, Query } from '../contract.ts';
import { CoreError } from '../errors.ts';
import type { HostedFunction } from './contract.ts';
import { ofCollection } from './of-collection.ts';
import { invalid, kindOf } from './options.ts';
import { acceptId, acceptQuery } from './query.ts';

/**
 * `[query, id]` becomes `[id, score]`, the score of the two by the collection's metric. Options: `collection`, and what it
 * is to be like.
 */
export const similarity: HostedFunction<readonly [query: Query, id: Id]> = {
  name: 'similarity',
  sequential: false,
  bind(given, engine) {
    const { name, stated } = ofCollection('similarity', given);
    const collection = engine.existingCollection(name, stated);
    return {
      accept(input) {
        if (!Array.isArray(input) || input.length !== 2) {
          throw invalid(`Expected a pair [query, id], got ${kindOf(input)}`);
        }
        const id = acceptId(input[1]);
        if (!collection.has(id)) {
          throw new CoreError(
            'ID_NOT_FOUND',
            `Collection ${JSON.stringify(collection.name)} has no item with the id ${JSON.stringify(id)}`,
          );
        }
        return [acceptQuery(input[0], collection), id];
      },
      async run(pairs, signal) {
        const queries = pairs.map(([query]) => query);
        const ids = pairs.map(([, id]) => id);
        const scores = await collection.score(queries, ids, { signal });
        return { kind: 'values', values: ids.map((id, index) => [id, scores[index]]) };
      },
    };
  },
};
