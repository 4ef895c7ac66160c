import { requireIterable, zip } from '../shard/iterables.ts';
import { requireKnown, requireNumber } from '../shard/options.ts';
import type { Id, Inputs, Item, MapOptions, Match, Outputs, Query } from './contract.ts';
import { SdkError } from './errors.ts';
import type { Nodes } from './node.ts';
import { countOf, remoteMap, requireOpen } from './remote-function.ts';
import { everywhere } from './transport/everywhere.ts';

export interface TopKOptions {
  /** How many matches to find. A whole number of 1 or more. */
  readonly k: number;
  readonly signal?: AbortSignal;
}

/** Those of a map, but for the order and the place of failures, which are settled. */
export type UpsertOptions = Omit<MapOptions<false>, 'returnErrors' | 'ordered' | 'retries' | 'hedge' | 'key'>;

export interface Similarity {
  /**
   * The cosine similarity of each query with the item of the same position, as `[id, score]`. The shorter of the two
   * ends the map. For one query and many ids use `repeat(query)`.
   */
  map<E extends boolean = false>(
    queries: Inputs<Query>,
    ids: Inputs<Id>,
    options?: MapOptions<E>,
  ): Outputs<readonly [id: Id, score: number], E>;
  /** The `k` items that are most similar to the query, best first. */
  topK(query: Query, options: TopKOptions): Promise<Match[]>;
  /** The same for each of many queries. */
  topK(queries: readonly Query[], options: TopKOptions): Promise<Match[][]>;
}

/** Vectors by id on the nodes. For now each node holds the whole collection. */
export interface Collection {
  readonly name: string;
  readonly similarity: Similarity;
  /**
   * Adds items to the collection on every node, or replaces those whose ids are present. Reads the items once, in
   * order; of two with the same id the later one stays. Ends with an error, some items added, if a node is lost for good.
   */
  upsert(items: Inputs<Item>, options?: UpsertOptions): Promise<void>;
  /** Items in the collection; 0 if it was never written to. */
  size(): Promise<number>;
  /** Removes the collection from every node. */
  drop(): Promise<void>;
}

export function collectionOn(nodes: Nodes, name: string): Collection {
  if (typeof name !== 'string' || name === '') {
    throw new SdkError('OPTION_INVALID', 'Expected the name of a collection to be a string that is not empty');
  }
  return {
    name,
    similarity: similarityOn(nodes, name),

    async upsert(items, options = {}) {
      requireIterable(items, 'items');
      refuseChoice(options);
      const outputs = remoteMap<Item, Id, false>(nodes, 'upsert', items, {
        options: { collection: name },
        map: { ...UPSERT_BATCHES, ...options, hedge: false },
        join: everywhere,
      });
      for await (const _ of outputs);
    },

    async size() {
      requireOpen(nodes);
      const sizes = await Promise.all(nodes.nodes.map((node) => node.collectionSize(name)));
      // A node that is behind has not seen all of an upsert that goes on.
      return Math.min(...sizes);
    },

    async drop() {
      requireOpen(nodes);
      await Promise.all(nodes.nodes.map((node) => node.dropCollection(name)));
    },
  };
}

function similarityOn(nodes: Nodes, collection: string): Similarity {
  async function topK(query: Query, options: TopKOptions): Promise<Match[]>;
  async function topK(queries: readonly Query[], options: TopKOptions): Promise<Match[][]>;
  async function topK(query: Query | readonly Query[], options: TopKOptions): Promise<Match[] | Match[][]> {
    requireKnown(options, TOP_K_NAMES, 'topK');
    const { k, signal } = options;
    requireNumber('k', k, { from: 1, whole: true });
    const one = typeof query === 'string' || query instanceof Float32Array;
    const queries = one ? [query] : query;
    requireIterable(queries, 'queries');
    const map = signal ? { signal } : {};
    const outputs = remoteMap<Query, Match[], false>(nodes, 'topK', queries, {
      options: { collection, k },
      map,
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
        options: { collection },
        map: { ...(total === undefined ? {} : { total }), ...options },
        founders: true,
      });
    },
  };
}

/**
 * Larger batches than those of other maps, since only one is on its way at a time: the pause between two must be small
 * beside them, and there must be enough texts in each to run those of equal length together.
 */
const UPSERT_BATCHES = { initialBatchSize: 64, batchMilliseconds: 1000 };

const TOP_K_NAMES: ReadonlySet<string> = new Set<keyof TopKOptions>(['k', 'signal']);

/**
 * An upsert keeps the order of its items and ends with the first that fails; a wish for anything else is refused. So is
 * one for retries: an item that is tried again would come after later ones of the same id.
 */
function refuseChoice(options: object): void {
  for (const name of ['ordered', 'returnErrors', 'retries', 'hedge', 'key']) {
    if (Object.hasOwn(options, name)) {
      throw new SdkError(
        'OPTION_INVALID',
        `upsert has no option ${name}: it is in order, and ends with the first error`,
      );
    }
  }
}

/** The count of two that are read together, where either is known: the other may be longer, or without end. */
function shorter(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
