import { COLLECTION_OPTIONS, requireCollectionOptions } from '../../shard/app/collection-options.ts';
import type { CollectionOptions } from '../contract.ts';
import { Options } from './options.ts';

/** The options of a function that works on a collection. */
export interface OfCollection {
  readonly name: string;
  /** What the collection is to be like. */
  readonly stated: CollectionOptions;
  /** Those of the function alone. */
  readonly rest: Readonly<Record<string, unknown>>;
}

/** Throws `OPTION_INVALID`. */
export function ofCollection(functionName: string, given: unknown, rest: Iterable<string> = []): OfCollection {
  const own = [...rest];
  const options = new Options(functionName, given, ['collection', ...own, ...COLLECTION_OPTIONS]);
  return {
    name: options.collection(),
    stated: requireCollectionOptions(options.pick(COLLECTION_OPTIONS)),
    rest: options.pick(own),
  };
}
