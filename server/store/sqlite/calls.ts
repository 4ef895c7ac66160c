import type { CallStart, CallState } from '../../../shard/call/contract.ts';
import { ServerError } from '../../errors.ts';
import type { Backlog, CallFilter, Created, StoredStatus } from '../contract.ts';
import { packPlain } from '../pack.ts';
import { callUnknown, type Context, findCall, finishIfDone } from './context.ts';
import { nextTurn } from './turns.ts';

interface CallRow {
  readonly call: string;
  readonly function: string;
  readonly version: number | null;
  readonly key: string | null;
  readonly single: number;
  readonly state: CallState;
  readonly created: number;
  readonly finished: number | null;
  readonly inputs: number;
  readonly pending: number;
  readonly running: number;
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly retried: number;
}

export function create(context: Context, start: CallStart): Created {
  const { database } = context;
  const known =
    database.get<CallRow>('SELECT * FROM calls WHERE call = ?', start.id) ??
    database.get<CallRow>('SELECT * FROM calls WHERE key = ?', start.key ?? null);
  if (known) {
    refuseOther(known, start);
    return { id: known.call, created: false };
  }
  const now = context.now();
  database.run(
    `INSERT INTO calls (call, function, version, options, retries, key, single, state, created, touched, turn)
     VALUES (?, ?, ?, ?, ?, ?, ?, 'open', ?, ?, ?)`,
    start.id,
    start.function,
    start.version ?? null,
    packPlain(start.options ?? {}),
    packPlain(start.retries ?? null),
    start.key ?? null,
    Number(start.single ?? false),
    now,
    now,
    nextTurn(context),
  );
  return { id: start.id, created: true };
}

function refuseOther(known: CallRow, start: CallStart): void {
  const sameVersion = start.version === undefined || start.version === known.version;
  if (known.function === start.function && sameVersion) return;
  const version = known.version === null ? '' : `, version ${known.version}`;
  throw new ServerError(
    'CALL_CONFLICT',
    `Call ${known.call}, which has this id or key, is of ${known.function}${version}`,
  );
}

export function seal(
  context: Context,
  call: string,
  whole: { readonly chunks: number; readonly inputs: number },
): void {
  const { database } = context;
  const { id, state, chunks, inputs } = findCall(context, call);
  const complete = chunks === whole.chunks && inputs === whole.inputs && (state !== 'open' || isWhole(context, id));
  if (!complete) {
    throw new ServerError(
      'CALL_INCOMPLETE',
      `Call ${call} has ${chunks} chunks of ${inputs} inputs, expected ${whole.chunks} of ${whole.inputs}, one after the other`,
    );
  }
  database.run(`UPDATE calls SET state = 'sealed' WHERE id = ? AND state = 'open'`, id);
  finishIfDone(context, id);
}

/** Whether the chunks are numbered from 0, and each begins where the one before it ends. */
function isWhole({ database }: Context, id: number): boolean {
  const astray = database.get(
    `SELECT 1 FROM (
       SELECT chunk, first, row_number() OVER each - 1 AS number, lag(first + count, 1, 0) OVER each AS start
       FROM chunks WHERE call = ? WINDOW each AS (ORDER BY chunk)
     ) WHERE chunk != number OR first != start LIMIT 1`,
    id,
  );
  return astray === undefined;
}

export function cancel(context: Context, call: string): void {
  const { database, now } = context;
  const { id, state } = findCall(context, call);
  if (state === 'done' || state === 'cancelled') return;
  // Only what is leased or delayed: the chunks that wait stay as they are, for a retry.
  const freed = database.run(
    `UPDATE chunks INDEXED BY chunks_until SET state = 'ready', fence = fence + 1, since = NULL, until = NULL
     WHERE until IS NOT NULL AND call = ?`,
    id,
  );
  database.run(
    `UPDATE calls SET state = 'cancelled', finished = ?, ready = ready + ?,
       cancelled = pending + running, pending = 0, running = 0 WHERE id = ?`,
    now(),
    freed,
    id,
  );
}

export function status({ database }: Context, call: string): StoredStatus {
  const row = database.get<CallRow>('SELECT * FROM calls WHERE call = ?', call);
  if (!row) throw callUnknown(call);
  return statusOf(row);
}

export function list({ database }: Context, filter: CallFilter): StoredStatus[] {
  const wanted: string[] = [];
  const values: (string | number)[] = [];
  const want = (sql: string, value: string | number) => {
    wanted.push(sql);
    values.push(value);
  };
  if (filter.before !== undefined) want('created < ?', filter.before);
  if (filter.state !== undefined) want('state = ?', filter.state);
  // An app's name has no slash.
  if (filter.function?.endsWith('/')) want(`substr(function, 1, instr(function, '/')) = ?`, filter.function);
  else if (filter.function !== undefined) want('function = ?', filter.function);
  const where = wanted.length > 0 ? `WHERE ${wanted.join(' AND ')}` : '';
  const rows = database.all<CallRow>(
    `SELECT * FROM calls ${where} ORDER BY created DESC, id DESC LIMIT ?`,
    ...values,
    filter.limit,
  );
  return rows.map(statusOf);
}

export function backlog({ database }: Context): Backlog[] {
  const rows = database.all<Backlog & { readonly version: number | null }>(
    `SELECT function, version, sum(pending) AS pending, sum(running) AS running FROM calls
     WHERE finished IS NULL GROUP BY function, version HAVING pending + running > 0`,
  );
  return rows.map(({ version, ...row }) => ({ ...row, ...(version !== null && { version }) }));
}

function statusOf(row: CallRow): StoredStatus {
  const { inputs, pending, running, done, failed, cancelled, retried } = row;
  return {
    id: row.call,
    function: row.function,
    ...(row.version !== null && { version: row.version }),
    ...(row.key !== null && { key: row.key }),
    single: row.single === 1,
    state: row.state,
    counts: { inputs, pending, running, done, failed, cancelled, retried },
    created: row.created,
    ...(row.finished !== null && { finished: row.finished }),
  };
}
