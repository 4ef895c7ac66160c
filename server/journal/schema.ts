import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ServerError } from '../errors.ts';

/** The version of the tables below, which the file carries. */
const VERSION = 1;

/** Milliseconds that another process may hold the file. */
const BUSY_MS = 10_000;

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
export function openDatabase(path: string): DatabaseSync {
  // Outputs are nobody else's business, wherever the file is; those that SQLite puts beside it have its rights.
  closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path, { timeout: BUSY_MS });
  try {
    // Before there are tables, or it has no effect.
    database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = NORMAL');
    settle(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function settle(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = database.prepare('PRAGMA user_version').get()?.['user_version'];
    if (version === 0) database.exec(`${TABLES} PRAGMA user_version = ${VERSION};`);
    else if (version !== VERSION) {
      throw new ServerError('JOURNAL_UNAVAILABLE', `it has version ${String(version)}, expected ${VERSION}`);
    }
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
