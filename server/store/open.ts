import { ServerError } from '../errors.ts';
import type { Objects } from '../objects/contract.ts';
import { LocalObjects } from '../objects/local.ts';
import { openObjects } from '../objects/open.ts';
import { PostgresObjects } from '../objects/postgres.ts';
import { RemoteObjects } from '../objects/remote.ts';
import type { ChunkStore } from './contract.ts';
import { openPostgresStore } from './postgres/open.ts';
import { RemoteStore } from './remote/remote.ts';
import type { ObjectsPlace, StoragePlaces, StoreKind, StorePlace } from './settings.ts';
import { SqliteStore } from './sqlite/sqlite.ts';

/** What a node keeps calls, objects and versions in. */
export interface OpenStorage extends AsyncDisposable {
  readonly kind: StoreKind;
  readonly store: ChunkStore;
  readonly objects: Objects;
}

/** Opens both. Throws `STORE_UNAVAILABLE`, or `OBJECTS_UNAVAILABLE`. */
export async function openStorage({ store: at, objects: where }: StoragePlaces): Promise<OpenStorage> {
  const objects = await openObjectsAt(where, at);
  try {
    const store = await openStore(at);
    return {
      kind: at.kind,
      store,
      objects,
      async [Symbol.asyncDispose]() {
        await store[Symbol.asyncDispose]();
        await objects[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await objects[Symbol.asyncDispose]();
    throw error;
  }
}

async function openObjectsAt(where: ObjectsPlace, store: StorePlace): Promise<Objects> {
  switch (where.kind) {
    case 'local':
      return LocalObjects.open(where.directory);
    case 'service':
      return openObjects(where.url.href);
    case 'own':
      return ownObjects(store);
  }
}

async function ownObjects(store: StorePlace): Promise<Objects> {
  switch (store.kind) {
    case 'postgres':
      return PostgresObjects.open(store.url.href);
    case 'remote':
      return new RemoteObjects({ url: store.url.origin, token: store.token });
    case 'sqlite':
      throw new ServerError('OBJECTS_UNAVAILABLE', 'Objects are not kept in SQLite; name a directory with --objects');
  }
}

async function openStore(at: StorePlace): Promise<ChunkStore> {
  switch (at.kind) {
    case 'sqlite':
      return SqliteStore.open({ path: at.path });
    case 'postgres':
      return await openPostgresStore(at.url.href);
    case 'remote':
      return await RemoteStore.open({ url: at.url.origin, token: at.token });
  }
}
