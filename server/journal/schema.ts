import { ServerError } from '../errors.ts';
import { Database } from '../sqlite/database.ts';

/** The version of the tables below, which the file carries. */
const VERSION = 1;

const TABLES = `
  CREATE TABLE keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    function TEXT NOT NULL,
    options TEXT NOT NULL,
    model TEXT NOT NULL,
    created INTEGER NOT NULL,
    used INTEGER NOT NULL,
    inputs INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE blocks (
    id INTEGER PRIMARY KEY,
    key INTEGER NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE INDEX blocks_of_key ON blocks (key, first, count);
`;

/**
 * Opens the file, and makes it if there is none. A process that is killed loses no commit; when the machine loses power
 * the last commits may be missing, which are then as if they had not been made.
 */
export function openDatabase(path: string): Database {
  const database = new Database(path, { synchronous: 'normal' });
  try {
    database.transaction(() => settle(database));
    return database;
  } catch (error) {
    database[Symbol.dispose]();
    throw error;
  }
}

function settle(database: Database): void {
  const version = database.get<{ user_version: number }>('PRAGMA user_version')?.user_version;
  if (version === 0) database.exec(`${TABLES} PRAGMA user_version = ${VERSION};`);
  else if (version !== VERSION) {
    throw new ServerError('JOURNAL_UNAVAILABLE', `it has version ${String(version)}, expected ${VERSION}`);
  }
}
