import { requireSearch } from '../../../shard/app/collection-options.ts';
import type { CollectionOptions, Id, Item, Match, Query, SearchOptions } from '../../../shard/app/collection.ts';
import type { ContextCollection } from '../../../shard/app/context.ts';
import { CoreError } from '../../../core/errors.ts';
import type { Question } from '../messages.ts';

/** A collection of the node, by what can be asked of it. */
export function askedCollection(
  name: string,
  stated: CollectionOptions,
  ask: (question: Question) => Promise<unknown>,
): ContextCollection {
  const options = { collection: name, ...stated };

  async function topK(query: Query, given: SearchOptions): Promise<Match[]>;
  async function topK(queries: readonly Query[], given: SearchOptions): Promise<Match[][]>;
  async function topK(query: Query | readonly Query[], given: SearchOptions): Promise<Match[] | Match[][]> {
    const one = typeof query === 'string' || query instanceof Float32Array;
    const inputs = one ? [query] : query;
    const found = (await ask({
      function: 'topK',
      options: { ...options, ...requireSearch(given) },
      inputs,
    })) as Match[][];
    return one ? found[0]! : found;
  }

  return {
    name,
    topK,
    async similarity(queries, ids) {
      if (queries.length !== ids.length) {
        throw new CoreError(
          'INPUT_INVALID',
          `Expected as many queries as ids, got ${queries.length} queries and ${ids.length} ids`,
        );
      }
      const inputs = queries.map((query, at) => [query, ids[at]]);
      const pairs = (await ask({ function: 'similarity', options, inputs })) as [Id, number][];
      return Float32Array.from(pairs, ([, score]) => score);
    },
    async upsert(items: readonly Item[]) {
      await ask({ function: 'upsert', options, inputs: items });
    },
    async remove(ids) {
      await ask({ function: 'remove', options, inputs: ids });
    },
    async size() {
      return (await ask({ size: name })) as number;
    },
  };
}
