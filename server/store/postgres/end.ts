/** How a call is cancelled, run again in part, and forgotten. */
import { randomUUID } from 'node:crypto';
import type { CallState } from '../../../shard/call/contract.ts';
import { unknownCall } from './begin.ts';
import type { Database, Session } from './database.ts';
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
  await session.query('set local statement_timeout = 0');
  const [known] = await session.query<RetriedCall>(
    `select c.state, c.queue, c.cancelled, q.turn as reached
       from warpmap.calls c join warpmap.queues q on q.name = c.queue where c.id = $1 for update of c`,
    [call],
  );
  if (!known) throw unknownCall(call);
  const forgotten = await session.query<{ first: number }>(
    'delete from warpmap.outcomes where call = $1 and failure is not null returning first',
    [call],
  );
  const again = forgotten.length + known.cancelled;
  if (again === 0) return 0;
  await session.query(
    `update warpmap.chunks c set remaining = c.remaining + f.count, losses = 0, failures = null,
         fence = c.fence + case when c.leased_until is null then 1 else 0 end
       from (
         select h.index, count(*)::int as count
         from unnest($2::bigint[]) as failed (first) cross join lateral (
           select index from warpmap.chunks where call = $1 and first <= failed.first
             and failed.first < first + count
         ) h group by h.index
       ) f where c.call = $1 and c.index = f.index`,
    [call, forgotten.map(({ first }) => first)],
  );
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
  );
  await session.query(
    `update warpmap.calls set state = case when sealed then 'sealed' else 'open' end, finished = null, failed = 0,
         cancelled = 0 where id = $1`,
    [call],
  );
  await queue.add(session, known.queue, tickets);
  return again;
}

export async function removeCall(session: Session, call: string): Promise<Leftover | undefined> {
  await session.query('set local statement_timeout = 0');
  const [known] = await session.query<{ queue: string }>('select queue from warpmap.calls where id = $1 for update', [
    call,
  ]);
  if (!known) return undefined;
  const left = { queue: known.queue, tickets: await ticketsOf(session, call) };
  for (const table of ['chunks', 'outcomes', 'logs', 'log_heads']) {
    await session.query(`delete from warpmap.${table} where call = $1`, [call]);
  }
  await session.query('delete from warpmap.calls where id = $1', [call]);
  return left;
}

/** Calls that finished that long ago, and open ones to which nothing came for as long. */
export async function callsToPurge(session: Session, retentionMs: number): Promise<string[]> {
  const rows = await session.query<{ id: string }>(
    `select id from warpmap.calls
       where coalesce(finished, case when state = 'open' then fed end)
         <= clock_timestamp() - $1::float8 * interval '1 millisecond'`,
    [retentionMs],
  );
  return rows.map(({ id }) => id);
}
