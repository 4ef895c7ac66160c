import { randomUUID } from 'node:crypto';
import { Database } from '../../sqlite/database.ts';
import { storeUnavailable } from './failure.ts';

/**
 * Each brings a file from the version before it to its own, which is its place in this list, from 1. What was released is
 * not changed any more.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE store (id TEXT NOT NULL, turn INTEGER NOT NULL) STRICT;
  CREATE TABLE calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    call TEXT NOT NULL UNIQUE,
    function TEXT NOT NULL,
    version INTEGER,
    options BLOB NOT NULL,
    retries BLOB NOT NULL,
    key TEXT UNIQUE,
    single INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'sealed', 'done', 'cancelled')),
    created INTEGER NOT NULL,
    touched INTEGER NOT NULL, -- when something was last appended
    finished INTEGER,
    turn INTEGER NOT NULL, -- of the calls of which chunks can be leased, that with the lowest is next
    ready INTEGER NOT NULL DEFAULT 0, -- chunks that can be leased
    chunks INTEGER NOT NULL DEFAULT 0, -- from here on as in CallCounts
    inputs INTEGER NOT NULL DEFAULT 0,
    pending INTEGER NOT NULL DEFAULT 0,
    running INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0,
    retried INTEGER NOT NULL DEFAULT 0,
    logged INTEGER NOT NULL DEFAULT 0 -- lines ever
  ) STRICT;
  CREATE INDEX calls_claimable ON calls (function, version, turn) WHERE ready > 0 AND finished IS NULL;
  CREATE INDEX calls_unfinished ON calls (function, version) WHERE finished IS NULL;
  CREATE INDEX calls_finished ON calls (finished) WHERE finished IS NOT NULL;
  CREATE INDEX calls_created ON calls (created);

  CREATE TABLE chunks (
    call INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'delayed', 'leased', 'done')),
    settled INTEGER NOT NULL DEFAULT 0, -- inputs that have an outcome
    fence INTEGER NOT NULL DEFAULT 0,
    losses INTEGER NOT NULL DEFAULT 0,
    failures BLOB, -- as in Lease
    since INTEGER, -- of a lease or delay, as the next
    until INTEGER,
    block INTEGER NOT NULL,
    PRIMARY KEY (call, chunk)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX chunks_ready ON chunks (call, chunk) WHERE state = 'ready';
  CREATE INDEX chunks_since ON chunks (since) WHERE since IS NOT NULL;
  CREATE INDEX chunks_until ON chunks (until) WHERE until IS NOT NULL;
  -- Apart, so that to change a chunk does not write its inputs again.
  CREATE TABLE blocks (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;

  CREATE TABLE outcomes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- in the order in which they came
    call INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    failure BLOB, -- one of these two
    block BLOB
  ) STRICT;
  CREATE INDEX outcomes_by_age ON outcomes (call);
  CREATE INDEX outcomes_by_position ON outcomes (call, first);
  CREATE INDEX failures_by_age ON outcomes (call) WHERE failure IS NOT NULL;
  CREATE INDEX failures_by_position ON outcomes (call, first) WHERE failure IS NOT NULL;

  CREATE TABLE lines (
    call INTEGER NOT NULL,
    number INTEGER NOT NULL,
    line BLOB NOT NULL,
    PRIMARY KEY (call, number)
  ) STRICT, WITHOUT ROWID;

  -- Calls that are removed, but of which rows may be left in other tables.
  CREATE TABLE remains (call INTEGER PRIMARY KEY) STRICT;
  `,
];

/** Opens the file of calls, makes it if there is none, and brings it to the version of this program. */
export function openCalls(path: string, { busyMs }: { readonly busyMs?: number | undefined } = {}): Database {
  const database = new Database(path, { synchronous: 'full', busyMs });
  try {
    // On macOS a sync leaves in the disk's cache what it has not yet written, unless it is told not to.
    database.exec('PRAGMA fullfsync = ON');
    database.exec('PRAGMA checkpoint_fullfsync = ON');
    // Above it the log is cut when it was written back, after a transaction that made it large.
    database.exec('PRAGMA journal_size_limit = 67108864');
    database.transaction(() => migrate(database));
    return database;
  } catch (error) {
    database[Symbol.dispose]();
    throw error;
  }
}

function migrate(database: Database): void {
  database.exec('CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, applied INTEGER NOT NULL) STRICT');
  const { version } = database.get<{ version: number }>('SELECT coalesce(max(version), 0) AS version FROM migrations')!;
  if (version > MIGRATIONS.length) {
    throw storeUnavailable(
      `their file has version ${version}, and this program knows none above ${MIGRATIONS.length}: use a newer one`,
    );
  }
  for (const [at, sql] of MIGRATIONS.entries()) {
    if (at < version) continue;
    database.exec(sql);
    database.run('INSERT INTO migrations (version, applied) VALUES (?, ?)', at + 1, Date.now());
  }
  if (version === 0) database.run('INSERT INTO store (id, turn) VALUES (?, 0)', randomUUID());
}
