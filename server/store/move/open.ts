import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ServerError } from '../../errors.ts';
import { openObjectsAt } from '../objects.ts';
import { placesOf, type StorePlace } from '../settings.ts';
import type { Movable } from './contract.ts';
import type { Place } from './move.ts';
import { MovablePostgres } from './postgres.ts';
import { MovableSqlite } from './sqlite.ts';

export interface PlaceNames {
  /** A data directory, or the URL of a Postgres. */
  readonly store: string;
  /** Where the objects are, if not where nodes with that store have them. */
  readonly objects?: string | undefined;
  /** Whether there must be a store already. */
  readonly there: boolean;
}

/** Opens what is moved from, or to. Throws `OPTION_INVALID` for what is no such place. */
export async function openPlace({ store, objects, there }: PlaceNames): Promise<Place & AsyncDisposable> {
  const places = placesOf({ ...(isUrl(store) ? { store } : { data: store }), objects })!;
  await using stack = new AsyncDisposableStack();
  const opened = stack.use(await openMovable(places.store, there));
  const kept = stack.use(await openObjectsAt(places.objects, places.store));
  const owned = stack.move();
  return { store: opened, objects: kept, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function isUrl(store: string): boolean {
  return /^[a-z]+:\/\//i.test(store);
}

async function openMovable(at: StorePlace, there: boolean): Promise<Movable> {
  switch (at.kind) {
    case 'sqlite':
      if (there && !existsSync(at.path)) {
        throw new ServerError('OPTION_INVALID', `There is no store in ${dirname(at.path)}: it has no calls.sqlite`);
      }
      await mkdir(dirname(at.path), { recursive: true, mode: 0o700 });
      return new MovableSqlite(at.path);
    case 'postgres':
      return await MovablePostgres.open(at.url.href);
    case 'remote':
      throw new ServerError(
        'OPTION_INVALID',
        `Expected a data directory or the URL of a Postgres, got that of a node; move what the node at ${at.url.host} has itself`,
      );
  }
}
