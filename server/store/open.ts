import type { Objects } from '../objects/contract.ts';
import type { ChunkStore } from './contract.ts';
import { LargeBodiesStore } from './large.ts';
import { openPostgresStore } from './postgres/open.ts';
import { RemoteStore } from './remote/remote.ts';
import { openObjectsAt } from './objects.ts';
import type { StoragePlaces, StoreKind, StorePlace } from './settings.ts';
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

/** The node that owns a store has it whole, and is asked for large blocks too. */
async function openStore(at: StorePlace, objects: Objects): Promise<ChunkStore> {
  switch (at.kind) {
    case 'sqlite':
      return new LargeBodiesStore({ store: await SqliteStore.open({ path: at.path }), objects });
    case 'postgres':
      return new LargeBodiesStore({ store: await openPostgresStore(at.url.href), objects });
    case 'remote':
      return await RemoteStore.open({ url: at.url.origin, token: at.token });
  }
}
