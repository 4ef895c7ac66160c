import { ServerError } from '../errors.ts';
import type { Objects } from '../objects/contract.ts';
import { LocalObjects } from '../objects/local.ts';
import { openObjects } from '../objects/open.ts';
import { PostgresObjects } from '../objects/postgres.ts';
import type { ChunkStore } from './contract.ts';
import { LargeBodiesStore } from './large.ts';
import { openPostgresStore } from './postgres/open.ts';
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
    const store = await openStore(at, objects);
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
  if (store.kind === 'postgres') return PostgresObjects.open(store.url.href);
  throw new ServerError(
    'OBJECTS_UNAVAILABLE',
    'This node can keep objects in a directory only; name one with --objects',
  );
}

/** The node that owns a store has it whole, and is asked for large blocks too. */
async function openStore(at: StorePlace, objects: Objects): Promise<ChunkStore> {
  switch (at.kind) {
    case 'sqlite':
      return new LargeBodiesStore({ store: await SqliteStore.open({ path: at.path }), objects });
    case 'postgres':
      return new LargeBodiesStore({ store: await openPostgresStore(at.url.href), objects });
    case 'remote':
      throw new ServerError('STORE_UNAVAILABLE', `There is no store of the kind ${at.kind} yet`);
  }
}
