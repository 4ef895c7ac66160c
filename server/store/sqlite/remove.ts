import type { Context } from './context.ts';

/** Rows that are deleted in one transaction, since others wait for each. */
const AT_ONCE = 256;
const PAGES_AT_ONCE = 2048;

/** Calls that are hidden in one transaction. */
const CALLS_AT_ONCE = 64;

/** From here on there is no such call, for anyone; its rows are left for `sweep`. */
export function hide({ database }: Context, call: string): void {
  const row = database.get<{ id: number }>('DELETE FROM calls WHERE call = ? RETURNING id', call);
  if (row) database.run('INSERT INTO remains (call) VALUES (?)', row.id);
}

/** Hides some of the calls that are too old; tells how many, which is 0 when none is left. */
export function hideOld(context: Context, retentionMs: number): number {
  const late = context.now() - retentionMs;
  const rows = context.database.all<{ call: string }>(
    `SELECT call FROM calls WHERE finished <= ?
     UNION ALL SELECT call FROM calls WHERE finished IS NULL AND state = 'open' AND touched <= ? LIMIT ?`,
    late,
    late,
    CALLS_AT_ONCE,
  );
  for (const { call } of rows) hide(context, call);
  return rows.length;
}

/** Deletes some of what removed calls have left. False when nothing is left. */
export function sweep({ database }: Context): boolean {
  const remains = database.get<{ call: number }>('SELECT call FROM remains LIMIT 1');
  if (!remains) return false;
  const { call } = remains;
  const deleted = deleteChunks(database, call) || deleteOutcomes(database, call) || deleteLines(database, call);
  if (!deleted) database.run('DELETE FROM remains WHERE call = ?', call);
  return true;
}

function deleteChunks(database: Context['database'], call: number): boolean {
  const some = database.all<{ chunk: number; block: number }>(
    'SELECT chunk, block FROM chunks WHERE call = ? LIMIT ?',
    call,
    AT_ONCE,
  );
  for (const { chunk, block } of some) {
    database.run('DELETE FROM blocks WHERE id = ?', block);
    database.run('DELETE FROM chunks WHERE call = ? AND chunk = ?', call, chunk);
  }
  return some.length > 0;
}

function deleteOutcomes(database: Context['database'], call: number): boolean {
  return (
    database.run('DELETE FROM outcomes WHERE id IN (SELECT id FROM outcomes WHERE call = ? LIMIT ?)', call, AT_ONCE) > 0
  );
}

function deleteLines(database: Context['database'], call: number): boolean {
  return (
    database.run(
      'DELETE FROM lines WHERE call = ? AND number IN (SELECT number FROM lines WHERE call = ? LIMIT ?)',
      call,
      call,
      AT_ONCE,
    ) > 0
  );
}

/** Gives free pages back to the file system, some at once. False when there are none. */
export function shrink({ database }: Context): boolean {
  const { freelist_count: free } = database.get<{ freelist_count: number }>('PRAGMA freelist_count')!;
  if (free > 0) database.exec(`PRAGMA incremental_vacuum(${PAGES_AT_ONCE})`);
  return free > PAGES_AT_ONCE;
}
