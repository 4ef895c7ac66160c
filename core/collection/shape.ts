import type { CollectionInfo, CollectionOptions } from '../contract.ts';
import { CoreError } from '../errors.ts';

const NAMES = ['type', 'metric', 'dims', 'rescore'] as const;

/** What is told of a collection. */
export function infoOf({ name, type, metric, dims, rescore, size }: CollectionInfo): CollectionInfo {
  return { name, type, metric, dims, rescore, size };
}

/** Throws `COLLECTION_MISMATCH` where a collection is not as it is stated to be, and names both. */
export function requireShape(collection: Omit<CollectionInfo, 'size'>, stated: CollectionOptions): void {
  const other = NAMES.filter((name) => stated[name] !== undefined && stated[name] !== collection[name]);
  if (other.length === 0) return;
  const list = (of: CollectionOptions): string => other.map((name) => `${name} ${of[name]}`).join(' and ');
  throw new CoreError(
    'COLLECTION_MISMATCH',
    `Collection ${JSON.stringify(collection.name)} was made with ${list(collection)}, and is asked for with ${list(stated)}; leave that out, or drop it and upsert anew`,
  );
}

/** Which vectors a collection takes. */
export interface Holds {
  readonly name: string;
  readonly dims: number;
  /** Whether of longer vectors the leading components are kept. */
  readonly truncates: boolean;
}

/** Throws `COLLECTION_MISMATCH` for a vector of so many components that the collection does not take. */
export function requireLength({ name, dims, truncates }: Holds, length: number): void {
  if (length === dims || (truncates && length > dims)) return;
  throw new CoreError(
    'COLLECTION_MISMATCH',
    `Collection ${JSON.stringify(name)} holds vectors of ${dims} dims${truncates ? ' or the leading ones of more' : ''}, got one of ${length}`,
  );
}
