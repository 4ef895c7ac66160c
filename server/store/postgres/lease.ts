/** How nodes come by chunks, and keep them. */
import { randomInt } from 'node:crypto';
import type { Claim, Lease, LeaseFate, LeaseName } from '../contract.ts';
import type { CallState } from '../../../shard/call/contract.ts';
import { unpackPlain } from '../pack.ts';
import { bytesOf } from './blocks.ts';
import type { Session } from './database.ts';
import { type Queue, queueOf, type Ticket } from './queue.ts';
import { settledOf, type Span, spansOf } from './settled.ts';

/** Leases that are found to have ended in one claim, at most. */
const EXPIRED_AT_ONCE = 256;
/** The clock of the server may be set back by that without an effect. */
const STEP = '1 second';
/** How often a claim asks one queue for more, because tickets that it got stand for nothing: of calls that were cancelled just now. */
const TRIES = 32;

/** Turns that queues have come to, to be noted after the transaction; see `reach`. */
export type Reached = Map<string, number>;

interface LeasedRow {
  readonly call: string;
  readonly index: number;
  readonly ticket: string;
  readonly fence: number;
  readonly first: number;
  readonly count: number;
  readonly block: Buffer;
  readonly remaining: number;
  readonly losses: number;
  readonly failures: number[] | null;
  readonly turn: number;
  readonly function: string;
  readonly version: number | null;
  readonly options: Buffer;
  readonly retries: Buffer | null;
}

export async function claimChunks(session: Session, queue: Queue, want: Claim, reached: Reached): Promise<Lease[]> {
  const names = want.functions.map(queueOf);
  await expire(session, queue);
  const rows: LeasedRow[] = [];
  let open = await queuesWithCalls(session, names);
  // The first of them gets the most; each time it is another.
  if (open.length > 1) open = rotated(open, randomInt(open.length));
  while (open.length > 0 && rows.length < want.limit) {
    const more: string[] = [];
    for (const [at, name] of open.entries()) {
      const share = Math.ceil((want.limit - rows.length) / (open.length - at));
      if (share === 0) continue;
      const taken = await take(session, queue, { name, limit: share, want });
      rows.push(...taken.leased);
      for (const { turn } of taken.leased) reached.set(name, Math.max(turn, reached.get(name) ?? 0));
      if (taken.more) more.push(name);
    }
    open = more;
  }
  rows.sort((one, other) => one.turn - other.turn || one.index - other.index);
  const settled = await settledOf(
    session,
    rows.filter(({ remaining, count }) => remaining < count),
  );
  return rows.map((row) => leaseOf(row, settled.get(row) ?? []));
}

/** Queues that have calls which are not finished: the others are not asked. */
async function queuesWithCalls(session: Session, names: readonly string[]): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `select name from unnest($1::text[]) as name
       where exists (select from warpmap.calls where queue = name and state in ('open', 'sealed'))`,
    [names],
  );
  return rows.map(({ name }) => name);
}

interface Take {
  readonly name: string;
  readonly limit: number;
  readonly want: Claim;
}

/** Takes tickets, and leases the chunks that they stand for. `more`: whether there may be more of them. */
async function take(
  session: Session,
  queue: Queue,
  { name, limit, want }: Take,
): Promise<{ leased: LeasedRow[]; more: boolean }> {
  const leased: LeasedRow[] = [];
  for (let tries = 0; tries < TRIES; tries++) {
    const wanted = limit - leased.length;
    const tickets = await queue.take(session, name, wanted);
    const rows = tickets.length > 0 ? await lease(session, tickets, want) : [];
    leased.push(...rows);
    const alive = new Set(rows.map(({ ticket }) => ticket));
    const dead = tickets.filter(({ id }) => !alive.has(id)).map(({ id }) => id);
    await queue.remove(session, name, dead);
    if (tickets.length < wanted) return { leased, more: false };
    if (leased.length === limit) break;
  }
  return { leased, more: true };
}

async function lease(session: Session, tickets: readonly Ticket[], { node, leaseMs }: Claim): Promise<LeasedRow[]> {
  return await session.query<LeasedRow>(
    `update warpmap.chunks c
       set fence = c.fence + 1, node = $4, since = clock_timestamp(),
         leased_until = clock_timestamp() + $5::float8 * interval '1 millisecond'
       from unnest($1::text[], $2::int[], $3::uuid[]) as t (call, index, id) join warpmap.calls k on k.id = t.call
       where c.call = t.call and c.index = t.index and c.ticket = t.id and c.leased_until is null
         and k.state in ('open', 'sealed')
       returning c.call, c.index, c.ticket, c.fence, c.first, c.count, c.block, c.remaining, c.losses, c.failures,
         c.turn, k.function, k.version, k.options, k.retries`,
    [tickets.map(({ call }) => call), tickets.map(({ index }) => index), tickets.map(({ id }) => id), node, leaseMs],
  );
}

interface ExpiredRow {
  readonly call: string;
  readonly index: number;
  readonly queue: string;
  readonly turn: number;
  readonly old: string;
  readonly ticket: string;
}

/**
 * Frees chunks whose lease is over: what is said under it counts no more, and each gets a ticket for another. Leases and
 * delays that begin in the future end too: the clock was set back, and nobody knows when they began.
 */
async function expire(session: Session, queue: Queue): Promise<void> {
  const rows = await session.query<ExpiredRow>(
    `with over as materialized (
       (select call, index from warpmap.chunks where leased_until < now() limit $1)
       union (select call, index from warpmap.chunks where since > now() + interval '${STEP}' limit $1)
     ), expired as (
       select c.call, c.index, c.ticket as old, k.queue, (c.leased_until is not null)::int as lost
       from over o join warpmap.chunks c on c.call = o.call and c.index = o.index join warpmap.calls k on k.id = c.call
       where c.leased_until < now() or c.since > now() + interval '${STEP}'
       for update of c skip locked
     )
     update warpmap.chunks c
       set leased_until = null, since = null, fence = c.fence + e.lost, losses = c.losses + e.lost,
         ticket = case when c.remaining > 0 then gen_random_uuid() end
       from expired e where c.call = e.call and c.index = e.index
       returning c.call, c.index, c.turn, c.ticket, e.old, e.queue`,
    [EXPIRED_AT_ONCE],
  );
  for (const [name, expired] of Map.groupBy(rows, (row) => row.queue)) {
    await queue.remove(
      session,
      name,
      expired.map(({ old }) => old),
    );
    await queue.add(
      session,
      name,
      expired.flatMap(({ ticket, call, index, turn }) => (ticket ? [{ id: ticket, call, index, turn }] : [])),
    );
  }
}

function leaseOf(row: LeasedRow, outcomes: readonly Span[]): Lease {
  const settled = spansOf(outcomes);
  return {
    call: row.call,
    index: row.index,
    fence: row.fence,
    function: row.function,
    ...(row.version !== null && { version: row.version }),
    options: unpackPlain<Lease['options']>(row.options),
    retries: row.retries ? unpackPlain<NonNullable<Lease['retries']>>(row.retries) : undefined,
    first: row.first,
    count: row.count,
    block: bytesOf(row.block),
    settled,
    losses: row.losses,
    failures: row.failures ?? [],
  };
}

interface RenewedRow {
  readonly state: CallState | null;
  readonly fence: number | null;
  readonly remaining: number | null;
  readonly renewed: boolean;
}

export async function renewLeases(
  session: Session,
  leases: readonly LeaseName[],
  leaseMs: number,
): Promise<LeaseFate[]> {
  const rows = await session.query<RenewedRow>(
    `with asked as (
       select * from unnest($1::text[], $2::int[], $3::int[]) with ordinality as a (call, index, fence, at)
     ), renewed as (
       update warpmap.chunks c set since = clock_timestamp(),
         leased_until = clock_timestamp() + $4::float8 * interval '1 millisecond'
       from asked a join warpmap.calls k on k.id = a.call
       where c.call = a.call and c.index = a.index and c.fence = a.fence and c.leased_until is not null
         and k.state <> 'cancelled'
       returning c.call, c.index
     )
     select k.state, c.fence, c.remaining, r.call is not null as renewed
       from asked a left join warpmap.calls k on k.id = a.call
       left join warpmap.chunks c on c.call = a.call and c.index = a.index
       left join renewed r on r.call = a.call and r.index = a.index
       order by a.at`,
    [leases.map(({ call }) => call), leases.map(({ index }) => index), leases.map(({ fence }) => fence), leaseMs],
  );
  return rows.map((row, at) => fateOf(row, leases[at]!));
}

function fateOf({ state, fence, remaining, renewed }: RenewedRow, asked: LeaseName): LeaseFate {
  // Of a call that was removed, nothing is wanted either.
  if (state === null || state === 'cancelled') return 'cancelled';
  if (renewed) return fence === asked.fence ? 'held' : 'lost';
  // Its acknowledgement has finished it.
  return fence === asked.fence && remaining === 0 ? 'held' : 'lost';
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  return [...items.slice(by), ...items.slice(0, by)];
}
