import { COLLECTION_OPTIONS, requireCollectionOptions, requireSize } from '../shard/app/collection-options.ts';
import type { CollectionInfo, CollectionOptions, Explanation, SearchSize } from '../shard/app/collection.ts';
import { requireIterable } from '../shard/iterables.ts';
import { shown } from '../shard/options.ts';
import type { Id, Inputs, Item, MapOptions } from './contract.ts';
import { SdkError } from './errors.ts';
import type { Nodes } from './node.ts';
import { remoteMap, requireOpen } from './remote-function.ts';
import { type Similarity, similarityOn } from './similarity.ts';
import { everywhere } from './transport/everywhere.ts';

/** Those of a map, but for the order and the place of failures, which are settled. */
export type UpsertOptions = Omit<MapOptions<false>, 'returnErrors' | 'ordered' | 'retries' | 'hedge' | 'key'>;

/** How one node would carry out a search. */
export interface NodeExplanation extends Explanation {
  /** Address of the node. */
  readonly node: string;
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
  /**
   * Removes the items of these ids on every node; ids that are not there are let be. Ends with an error, some items
   * removed, if a node is lost for good.
   */
  remove(ids: Inputs<Id>, options?: UpsertOptions): Promise<void>;
  /** Items in the collection; 0 if it was never written to. */
  size(): Promise<number>;
  /** How each node would search for the `k` best of so many queries. Throws `COLLECTION_NOT_FOUND`. */
  explain(size?: SearchSize): Promise<readonly NodeExplanation[]>;
  /** Removes the collection from every node. */
  drop(): Promise<void>;
}

/** Throws `OPTION_INVALID`. */
export function collectionOn(nodes: Nodes, name: string, options: CollectionOptions = {}): Collection {
  if (typeof name !== 'string' || name === '') {
    throw new SdkError(
      'OPTION_INVALID',
      `Expected the name of a collection to be a string that is not empty, got ${shown(name)}`,
    );
  }
  const stated = { collection: name, ...requireCollectionOptions(options) };

  const change = async <I>(functionName: string, inputs: Inputs<I>, map: UpsertOptions): Promise<void> => {
    refuseChoice(functionName, map);
    const outputs = remoteMap<I, Id, false>(nodes, functionName, inputs, {
      options: stated,
      map: { ...CHANGE_BATCHES, ...map, hedge: false },
      join: everywhere,
    });
    for await (const _ of outputs);
  };

  return {
    name,
    similarity: similarityOn(nodes, stated),

    async upsert(items, map = {}) {
      requireIterable(items, 'items');
      await change('upsert', items, map);
    },

    async remove(ids, map = {}) {
      requireIterable(ids, 'ids');
      await change('remove', ids, map);
    },

    async size() {
      requireOpen(nodes);
      const sizes = await Promise.all(nodes.nodes.map((node) => node.collectionSize(name)));
      // A node that is behind has not seen all of an upsert that goes on.
      return Math.min(...sizes);
    },

    async explain(given = {}) {
      const size = requireSize(given);
      requireOpen(nodes);
      return Promise.all(nodes.nodes.map(async (node) => ({ node: node.url, ...(await node.explain(name, size)) })));
    },

    async drop() {
      requireOpen(nodes);
      await Promise.all(nodes.nodes.map((node) => node.dropCollection(name)));
    },
  };
}

/** The collections that any node has, by name, each with the size that it has where it has the least. */
export async function collectionsOn(nodes: Nodes): Promise<readonly CollectionInfo[]> {
  requireOpen(nodes);
  const found = new Map<string, CollectionInfo>();
  for (const each of (await Promise.all(nodes.nodes.map((node) => node.collections()))).flat()) {
    const known = found.get(each.name);
    if (known === undefined || each.size < known.size) found.set(each.name, each);
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Larger batches than those of other maps, since only one is on its way at a time: the pause between two must be small
 * beside them, and there must be enough texts in each to run those of equal length together.
 */
const CHANGE_BATCHES = { initialBatchSize: 64, batchMilliseconds: 1000 };

/**
 * A change keeps the order of its items and ends with the first that fails; a wish for anything else is refused. So is
 * one for retries: an item that is tried again would come after later ones of the same id.
 */
function refuseChoice(functionName: string, options: object): void {
  for (const name of ['ordered', 'returnErrors', 'retries', 'hedge', 'key']) {
    if (Object.hasOwn(options, name)) {
      throw new SdkError(
        'OPTION_INVALID',
        `${functionName} has no option ${name}: it is in order, and ends with the first error`,
      );
    }
  }
  for (const name of COLLECTION_OPTIONS) {
    if (Object.hasOwn(options, name)) {
      throw new SdkError(
        'OPTION_INVALID',
        `${functionName} has no option ${name}: it is one of collection(name, { ${name} })`,
      );
    }
  }
}
