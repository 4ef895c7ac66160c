import { ServerError } from '../../errors.ts';
import type { Database } from './database.ts';
import { migrations } from './schema.ts';

/** Key of the advisory lock under which one node at a time makes or changes the schema. */
const LOCK = 0x77_61_72_70;

/**
 * Brings the schema to our version, and then does `also`, as one of all that open the database. Resolves to the id of
 * the store. Throws `STORE_NEWER` where a later version of warpmap has been here.
 */
export async function migrate(database: Database, also?: () => Promise<void>): Promise<string> {
  return await database.exclusively(LOCK, async () => {
    const id = await database.transaction(async (session) => {
      await session.query('set local statement_timeout = 0');
      await session.query('set local client_min_messages = warning');
      await session.query('create schema if not exists warpmap');
      await session.query(
        'create table if not exists warpmap.meta (single boolean primary key default true check (single), id uuid not null, version int not null)',
      );
      await session.query(
        'insert into warpmap.meta (id, version) values (gen_random_uuid(), 0) on conflict do nothing',
      );
      const [meta] = await session.query<{ id: string; version: number }>('select id, version from warpmap.meta');
      const { version } = meta!;
      if (version > migrations.length) {
        throw new ServerError(
          'STORE_NEWER',
          `${database.name} has version ${version} of the schema, and this warpmap knows ${migrations.length} at most; update warpmap on this node`,
        );
      }
      for (const migration of migrations.slice(version)) await session.query(migration);
      if (version < migrations.length) await session.query('update warpmap.meta set version = $1', [migrations.length]);
      return meta!.id;
    });
    await also?.();
    return id;
  });
}
