import { ServerError } from '../errors.ts';
import type { Objects } from '../objects/contract.ts';
import { LocalObjects } from '../objects/local.ts';
import { openObjects } from '../objects/open.ts';
import { PostgresObjects } from '../objects/postgres.ts';
import { RemoteObjects } from '../objects/remote.ts';
import type { ObjectsPlace, StorePlace } from './settings.ts';

/** Throws `OBJECTS_UNAVAILABLE`. */
export async function openObjectsAt(where: ObjectsPlace, store: StorePlace): Promise<Objects> {
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
