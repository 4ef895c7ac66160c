import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServerError } from '../errors.ts';

export interface StorageFlags {
  /** URL of the store of durable calls: `postgres://…`, or `http://…` of the node that owns it. Default: SQLite in `data`. */
  readonly store?: string | undefined;
  /** Where objects are: a directory, a `file:` URL, or another that `docs/operations.md` names. Default: as the store has it. */
  readonly objects?: string | undefined;
  /** Directory for what outlives the node. */
  readonly data?: string | undefined;
  /** What the node that owns the store wants as its token, unless its URL has one, as in `http://:token@host:7411`. */
  readonly token?: string | undefined;
}

export type StoreKind = 'sqlite' | 'postgres' | 'remote';

/** Where the calls are. */
export type StorePlace =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: URL }
  | { readonly kind: 'remote'; readonly url: URL; readonly token: string | undefined };

/** Where the objects are: `own` to the store, or in a place of their own. */
export type ObjectsPlace =
  | { readonly kind: 'own' }
  | { readonly kind: 'local'; readonly directory: string }
  | { readonly kind: 'service'; readonly url: URL };

export interface StoragePlaces {
  readonly store: StorePlace;
  readonly objects: ObjectsPlace;
}

const FILE = 'calls.sqlite';
const OBJECTS = 'objects';

const SCHEMES: Readonly<Record<string, Exclude<StoreKind, 'sqlite'>>> = {
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
  'http:': 'remote',
  'https:': 'remote',
};

/** Undefined where there is no place for them. Throws `OPTION_INVALID` for a URL that names none. */
export function placesOf({ store, objects, data, token }: StorageFlags): StoragePlaces | undefined {
  const at = storeAt(store, { data, token });
  if (!at) return undefined;
  return { store: at, objects: objectsAt(objects, at.kind === 'sqlite' ? data : undefined) };
}

function storeAt(
  store: string | undefined,
  { data, token }: Pick<StorageFlags, 'data' | 'token'>,
): StorePlace | undefined {
  if (store === undefined) return data === undefined ? undefined : { kind: 'sqlite', path: join(data, FILE) };
  const url = URL.parse(store);
  const kind = url ? SCHEMES[url.protocol] : undefined;
  if (url && kind === 'postgres') return { kind, url };
  if (url && kind) return { kind, url, token: url.password === '' ? token : decodeURIComponent(url.password) };
  // A password may be in it, so it is not repeated.
  throw new ServerError(
    'OPTION_INVALID',
    'Expected the store to be a URL that begins with postgres:// or http://; leave it out for SQLite in the data directory',
  );
}

function objectsAt(objects: string | undefined, data: string | undefined): ObjectsPlace {
  if (objects === undefined)
    return data === undefined ? { kind: 'own' } : { kind: 'local', directory: join(data, OBJECTS) };
  // Of two letters or more: `C:\objects` is a directory.
  const url = /^[a-z][a-z0-9+.-]+:/i.test(objects) ? URL.parse(objects) : null;
  if (!url) return { kind: 'local', directory: objects };
  return url.protocol === 'file:' ? { kind: 'local', directory: fileURLToPath(url) } : { kind: 'service', url };
}
