import { requireSearch, SEARCH_OPTIONS } from '../shard/app/collection-options.ts';
import type { SearchOptions } from '../shard/app/collection.ts';
import { isAsyncIterable, isIterable, requireIterable, zip } from '../shard/iterables.ts';
import { ShardError } from '../shard/errors.ts';
import { requireKnown, shown } from '../shard/options.ts';
import type { Id, Inputs, MapOptions, Match, Outputs, Query } from './contract.ts';
import type { Nodes } from './node.ts';
import { countOf, remoteMap } from './remote-function.ts';

export interface TopKOptions extends SearchOptions {
  readonly signal?: AbortSignal;
}

export interface Similarity {
  /**
   * The score of each query with the item of the same position, as `[id, score]`. The shorter of the two ends the map.
   * For one query and many ids use `repeat(query)`.
   */
  map<E extends boolean = false>(
    queries: Inputs<Query>,
    ids: Inputs<Id>,
    options?: MapOptions<E>,
  ): Outputs<readonly [id: Id, score: number], E>;
  /** The `k` items that are most similar to the query, best first; fewer where fewer may be found. */
  topK(query: Query, options: TopKOptions): Promise<Match[]>;
  /** The same for each of many queries. */
  topK(queries: readonly Query[], options: TopKOptions): Promise<Match[][]>;
}

/** `collection` is what each call says of it to the nodes. */
export function similarityOn(nodes: Nodes, collection: Readonly<Record<string, unknown>>): Similarity {
  async function topK(query: Query, options: TopKOptions): Promise<Match[]>;
  async function topK(queries: readonly Query[], options: TopKOptions): Promise<Match[][]>;
  async function topK(query: Query | readonly Query[], options: TopKOptions): Promise<Match[] | Match[][]> {
    requireKnown(options, TOP_K_NAMES, 'topK');
    const { signal, ...search } = options;
    const one = typeof query === 'string' || query instanceof Float32Array;
    const queries = one ? [query] : requireQueries(query);
    const outputs = remoteMap<Query, Match[], false>(nodes, 'topK', queries, {
      options: { ...collection, ...requireSearch(search) },
      map: signal ? { signal } : {},
      founders: true,
    });
    const matches = await Array.fromAsync(outputs);
    return one ? matches[0]! : matches;
  }

  return {
    topK,
    map(queries, ids, options = {}) {
      requireIterable(queries, 'queries');
      requireIterable(ids, 'ids');
      const total = shorter(countOf(queries), countOf(ids));
      return remoteMap(nodes, 'similarity', zip(queries, ids), {
        options: collection,
        map: { ...(total === undefined ? {} : { total }), ...options },
        founders: true,
      });
    },
  };
}

const TOP_K_NAMES: ReadonlySet<string> = new Set([...SEARCH_OPTIONS, 'signal']);

/** Throws `INPUT_INVALID`, also for one vector of another type: its components would be taken for queries. */
function requireQueries(query: readonly Query[]): readonly Query[] {
  const numbers = ArrayBuffer.isView(query) || (Array.isArray(query) && typeof query[0] === 'number');
  if ((isIterable(query) || isAsyncIterable(query)) && !numbers) return query;
  const hint = numbers ? '; one vector is a Float32Array, such as Float32Array.from(numbers)' : '';
  const got = Array.isArray(query) ? `an array of ${query.length} numbers` : shown(query);
  throw new ShardError('INPUT_INVALID', `Expected a text, a Float32Array or an array of them, got ${got}${hint}`);
}

/** The count of two that are read together, where either is known: the other may be longer, or without end. */
function shorter(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
