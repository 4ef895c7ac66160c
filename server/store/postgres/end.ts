/** How a call is cancelled, run again in part, and forgotten. */
import { randomUUID } from 'node:crypto';
import type { CallState } from '../../../shard/call/contract.ts';
import { unknownCall } from './begin.ts';
import type { Database, Session, StatementOptions } from './database.ts';
import type { NewTicket, Queue } from './queue.ts';
import { turnOf } from './turns.ts';

/** Tickets that nobody is to get any more. */
export interface Leftover {
  readonly queue: string;
  readonly tickets: readonly string[];
}

/** Its tickets stay behind: they are worth nothing, and there may be very many. */
export async function cancelCall(session: Session, call: string): Promise<Leftover | undefined> {
  const [known] = await session.query<{ state: CallState; queue: string }>(
    'select state, queue from warpmap.calls where id = $1 for update',
    [call],
  );
  if (!known) throw unknownCall(call);
  if (known.state === 'done' || known.state === 'cancelled') return undefined;
  await session.query(
    `update warpmap.calls set state = 'cancelled', sealed = true, cancelled = inputs - done - failed, finished = clock_timestamp()
       where id = $1`,
    [call],
  );
  await session.query(
    `update warpmap.chunks set leased_until = null, since = null, fence = fence + 1 where call = $1 and leased_until is not null`,
    [call],
  );
  return { queue: known.queue, tickets: await ticketsOf(session, call) };
}

async function ticketsOf(session: Session, call: string): Promise<string[]> {
  const rows = await session.query<{ ticket: string }>(
    'select ticket from warpmap.chunks where call = $1 and ticket is not null',
    [call],
  );
  return rows.map(({ ticket }) => ticket);
}

/** Tickets removed in one transaction, which keeps it short. */
const SLICE = 10_000;

/** Clears away tickets. Should it not come to that, claims clear away those that they meet. */
export async function clear(database: Database, queue: Queue, left: Leftover): Promise<void> {
  for (let from = 0; from < left.tickets.length; from += SLICE) {
    await queue.remove(database, left.queue, left.tickets.slice(from, from + SLICE));
  }
}

/** Milliseconds that a statement about all of a call may take, which can be very large. */
const PATIENCE_MS = 30 * 60 * 1000;
const PATIENT: StatementOptions = { patienceMs: PATIENCE_MS + 5_000 };

async function bePatient(session: Session): Promise<void> {
  await session.query(`set local statement_timeout = ${PATIENCE_MS}`);
}

interface RetriedCall {
  readonly state: CallState;
  readonly queue: string;
  readonly cancelled: number;
  readonly reached: number;
}

interface WaitingChunk {
  readonly index: number;
  readonly turn: number;
}

export async function retryCall(session: Session, queue: Queue, call: string): Promise<number> {
  await bePatient(session);
  const [known] = await session.query<RetriedCall>(
    `select c.state, c.queue, c.cancelled, q.turn as reached
       from warpmap.calls c join warpmap.queues q on q.name = c.queue where c.id = $1 for update of c`,
    [call],
  );
  if (!known) throw unknownCall(call);
  // Its failures are counted by chunk: in them there is an index, and there may be as many failures as inputs.
  const chunks = await session.query<{ failures: number }>(
    `update warpmap.chunks c set remaining = c.remaining + f.failures, losses = 0, failures = null,
         fence = c.fence + case when c.leased_until is null then 1 else 0 end
       from (
         select h.index, failed.failures from warpmap.chunks h cross join lateral (
           select count(*)::int as failures from warpmap.outcomes
           where call = $1 and failure is not null and first >= h.first and first < h.first + h.count
         ) failed where h.call = $1 and failed.failures > 0
       ) f where c.call = $1 and c.index = f.index returning f.failures`,
    [call],
    PATIENT,
  );
  const again = chunks.reduce((sum, { failures }) => sum + failures, known.cancelled);
  if (again === 0) return 0;
  await session.query('delete from warpmap.outcomes where call = $1 and failure is not null', [call], PATIENT);
  // Of a cancelled call no ticket counts any more; else those chunks have none of which all inputs had an outcome.
  const waiting = await session.query<WaitingChunk>(
    `select index, turn from warpmap.chunks where call = $1 and remaining > 0 and (ticket is null or $2) order by index`,
    [call, known.state === 'cancelled'],
  );
  // Behind what other calls have; but those of a call that runs are before its own that wait, as their numbers are.
  const runs = known.state === 'open' || known.state === 'sealed';
  const tickets = waiting.map(({ index, turn }, at): NewTicket => ({
    id: randomUUID(),
    call,
    index,
    turn: runs ? turn : turnOf(known.reached + 1, at),
  }));
  await session.query(
    `update warpmap.chunks c set ticket = t.id, turn = t.turn, since = null, losses = 0, failures = null
       from unnest($2::int[], $3::uuid[], $4::int[]) as t (index, id, turn) where c.call = $1 and c.index = t.index`,
    [call, tickets.map(({ index }) => index), tickets.map(({ id }) => id), tickets.map(({ turn }) => turn)],
    PATIENT,
  );
  await session.query(
    `update warpmap.calls set state = case when sealed then 'sealed' else 'open' end, finished = null, failed = 0,
         cancelled = 0 where id = $1`,
    [call],
  );
  await queue.add(session, known.queue, tickets);
  return again;
}

/** With `retentionMs` only if its retention is over: something may have come to it since it was found. */
export async function removeCall(
  session: Session,
  call: string,
  { retentionMs }: { readonly retentionMs?: number } = {},
): Promise<Leftover | undefined> {
  await bePatient(session);
  const [known] = await session.query<{ queue: string }>(
    `select queue from warpmap.calls where id = $1 and ($2::float8 is null or ${OLD}) for update`,
    [call, retentionMs],
  );
  if (!known) return undefined;
  const left = { queue: known.queue, tickets: await ticketsOf(session, call) };
  for (const table of ['chunks', 'outcomes', 'logs', 'log_heads']) {
    await session.query(`delete from warpmap.${table} where call = $1`, [call], PATIENT);
  }
  await session.query('delete from warpmap.calls where id = $1', [call]);
  return left;
}

/** Finished that long ago; or open, and nothing came to it for as long. */
const OLD = `coalesce(finished, case when state = 'open' then fed end)
  <= clock_timestamp() - $2::float8 * interval '1 millisecond'`;

/** Some calls whose retention is over, after that of this id. */
export async function callsToPurge(session: Session, after: string, retentionMs: number): Promise<string[]> {
  const rows = await session.query<{ id: string }>(
    `select id from warpmap.calls where id > $1 and ${OLD} order by id limit 1000`,
    [after, retentionMs],
  );
  return rows.map(({ id }) => id);
}
