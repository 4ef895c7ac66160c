import type { ChunkStore } from '../contract.ts';
import { Database, type DatabaseOptions } from './database.ts';
import { migrate } from './migrate.ts';
import { Queue } from './queue.ts';
import { PostgresStore } from './store.ts';

/**
 * The store of durable calls in a Postgres of version 13 or later, such as `postgres://user@host/database`; its tables are
 * made or brought to our version first. TLS as the address asks (`?sslmode=verify-full&sslrootcert=…`). Throws
 * `OPTION_INVALID`, `STORE_UNAVAILABLE` or `STORE_NEWER`.
 */
export async function openPostgresStore(url: string, options?: DatabaseOptions): Promise<ChunkStore> {
  const database = new Database(url, options);
  const queue = new Queue(new Database(url, { ...options, connections: 1 }));
  try {
    const id = await migrate(database, () => queue.start());
    return new PostgresStore(id, database, queue);
  } catch (error) {
    await queue[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
    throw error;
  }
}
