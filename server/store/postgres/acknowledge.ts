/** What became of inputs is taken, counted, and its chunks' tickets are used up, in one transaction. */
import { randomUUID } from 'node:crypto';
import type { Acknowledgement } from '../contract.ts';
import type { CallOutcome, CallState } from '../../../shard/call/contract.ts';
import { pairs } from '../../../shard/wire/spans.ts';
import { packFailure } from '../pack.ts';
import { pack, runsOf } from './blocks.ts';
import type { Session } from './database.ts';
import type { NewTicket, Queue } from './queue.ts';
import { countOf, freshOf, settledOf, type Span } from './settled.ts';

interface CallRow {
  readonly id: string;
  readonly state: CallState;
  readonly queue: string;
  /** Number of its last outcome. */
  outcomes: number;
  /** What is to be added. */
  done: number;
  failed: number;
  retried: number;
}

interface ChunkRow {
  readonly call: string;
  readonly index: number;
  readonly fence: number;
  readonly first: number;
  readonly count: number;
  readonly turn: number;
  readonly leased: boolean;
  remaining: number;
  losses: number;
  failures: number[] | null;
  /** What it is after this, as the table has it. */
  ticket: string | null;
  held: boolean;
  delayed: boolean;
}

interface OutcomeRow {
  readonly call: string;
  readonly number: number;
  readonly first: number;
  readonly count: number;
  readonly block: Uint8Array<ArrayBuffer> | undefined;
  readonly failure: Buffer | null;
}

export async function acknowledgeAll(
  session: Session,
  queue: Queue,
  acknowledgements: readonly Acknowledgement[],
): Promise<boolean[]> {
  const calls = await lockCalls(session, acknowledgements);
  const chunks = await lockChunks(session, acknowledgements);
  const begun = [...chunks.values()].filter(({ remaining, count, leased }) => leased && remaining < count);
  const settled = await settledOf(session, begun);
  const outcomes: OutcomeRow[] = [];
  const changed = new Set<ChunkRow>();
  const used = new Map<string, string[]>();
  const fresh = new Map<string, NewTicket[]>();
  const answers = acknowledgements.map((acknowledgement) => {
    const { lease } = acknowledgement;
    const call = calls.get(lease.call);
    const chunk = chunks.get(nameOf(lease));
    if (!call || !chunk || chunk.fence !== lease.fence || call.state === 'cancelled') return false;
    // It was finished or released before: this is the same once more, whose answer was not heard.
    if (!chunk.held) return true;
    changed.add(chunk);
    const spans = settled.get(chunk) ?? [];
    settled.set(chunk, spans);
    const taken = freshOf(acknowledgement.outcomes, chunk, spans);
    for (const outcome of taken) {
      outcomes.push(rowOf(call, outcome));
      spans.push({ first: outcome.first, count: countOf(outcome) });
      chunk.remaining -= countOf(outcome);
    }
    call.retried += acknowledgement.retried;
    if (taken.length > 0) chunk.losses = 0;
    chunk.failures = failuresLeft(acknowledgement.failures ?? chunk.failures ?? [], spans);
    settle(acknowledgement, chunk);
    if (chunk.held) return true;
    push(used, call.queue, chunk.ticket!);
    chunk.ticket = chunk.remaining > 0 ? randomUUID() : null;
    if (chunk.ticket === null) return true;
    const afterMs = typeof acknowledgement.next === 'object' ? acknowledgement.next.release.afterMs : 0;
    chunk.delayed = afterMs > 0;
    push(fresh, call.queue, { id: chunk.ticket, call: chunk.call, index: chunk.index, turn: chunk.turn, afterMs });
    return true;
  });
  await insertOutcomes(session, outcomes);
  await updateChunks(session, [...changed]);
  await updateCalls(session, [...calls.values()]);
  for (const [name, ids] of used) await queue.remove(session, name, ids);
  for (const [name, tickets] of fresh) await queue.add(session, name, tickets);
  return answers;
}

/** Nothing is left of a chunk that has all outcomes, whatever was meant to follow; what is left is leased again. */
function settle({ next }: Acknowledgement, chunk: ChunkRow): void {
  chunk.held = next === 'keep' && chunk.remaining > 0;
}

/** What the next lease is to be told: of inputs that have no outcome. */
function failuresLeft(told: readonly number[], settled: readonly Span[]): number[] | null {
  const left = [...pairs(told)].filter(
    ([position]) => !settled.some(({ first, count }) => position >= first && position < first + count),
  );
  return left.length > 0 ? left.flat() : null;
}

function rowOf(call: CallRow, outcome: CallOutcome): OutcomeRow {
  const { first, kind } = outcome;
  call.outcomes++;
  if (kind === 'outputs') call.done += outcome.count;
  else call.failed++;
  return {
    call: call.id,
    number: call.outcomes,
    first,
    count: countOf(outcome),
    block: kind === 'outputs' ? outcome.block : undefined,
    failure: kind === 'failure' ? Buffer.from(packFailure(outcome.failure)) : null,
  };
}

function nameOf({ call, index }: { readonly call: string; readonly index: number }): string {
  return `${call} ${index}`;
}

/** In one order, so that nobody waits in a circle. */
async function lockCalls(
  session: Session,
  acknowledgements: readonly Acknowledgement[],
): Promise<Map<string, CallRow>> {
  const rows = await session.query<CallRow>(
    `select id, state, queue, outcomes, 0 as done, 0 as failed, 0 as retried
       from warpmap.calls where id = any($1::text[]) order by id for update`,
    [acknowledgements.map(({ lease }) => lease.call)],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

async function lockChunks(
  session: Session,
  acknowledgements: readonly Acknowledgement[],
): Promise<Map<string, ChunkRow>> {
  const rows = await session.query<ChunkRow>(
    `select c.call, c.index, c.fence, c.first, c.count, c.turn, c.remaining, c.losses, c.failures, c.ticket,
         c.leased_until is not null as leased, c.leased_until is not null as held, false as delayed
       from warpmap.chunks c
       where (c.call, c.index, c.fence) in (select * from unnest($1::text[], $2::int[], $3::int[]))
       order by c.call, c.index for update`,
    [
      acknowledgements.map(({ lease }) => lease.call),
      acknowledgements.map(({ lease }) => lease.index),
      acknowledgements.map(({ lease }) => lease.fence),
    ],
  );
  return new Map(rows.map((row) => [nameOf(row), row]));
}

async function insertOutcomes(session: Session, rows: readonly OutcomeRow[]): Promise<void> {
  for (const run of runsOf(rows)) {
    const { bytes, from, length } = pack(run.map(({ block }) => block));
    await session.query(
      `insert into warpmap.outcomes (call, number, first, count, failure, block)
         select r.call, r.number, r.first, r.count, r.failure,
           case when r.length >= 0 then substring($1::bytea from r.at for r.length) end
         from unnest($2::text[], $3::bigint[], $4::bigint[], $5::int[], $6::bytea[], $7::int[], $8::int[])
           as r (call, number, first, count, failure, at, length)`,
      [
        bytes,
        run.map(({ call }) => call),
        run.map(({ number }) => number),
        run.map(({ first }) => first),
        run.map(({ count }) => count),
        run.map(({ failure }) => failure),
        from,
        length,
      ],
    );
  }
}

async function updateChunks(session: Session, chunks: readonly ChunkRow[]): Promise<void> {
  if (chunks.length === 0) return;
  await session.query(
    `update warpmap.chunks c
       set remaining = r.remaining, losses = r.losses, failures = r.failures::json, ticket = r.ticket,
         leased_until = case when r.held then c.leased_until end,
         since = case when r.held then c.since when r.delayed then clock_timestamp() end
       from unnest($1::text[], $2::int[], $3::int[], $4::int[], $5::text[], $6::uuid[], $7::boolean[], $8::boolean[])
         as r (call, index, remaining, losses, failures, ticket, held, delayed)
       where c.call = r.call and c.index = r.index`,
    [
      chunks.map(({ call }) => call),
      chunks.map(({ index }) => index),
      chunks.map(({ remaining }) => remaining),
      chunks.map(({ losses }) => losses),
      chunks.map(({ failures }) => failures && JSON.stringify(failures)),
      chunks.map(({ ticket }) => ticket),
      chunks.map(({ held }) => held),
      chunks.map(({ delayed }) => delayed),
    ],
  );
}

async function updateCalls(session: Session, all: readonly CallRow[]): Promise<void> {
  const calls = all.filter(({ done, failed, retried }) => done + failed + retried > 0);
  if (calls.length === 0) return;
  await session.query(
    `update warpmap.calls c
       set outcomes = r.outcomes, done = c.done + r.done, failed = c.failed + r.failed, retried = c.retried + r.retried,
         state = case when ended then 'done' else c.state end,
         finished = case when ended then clock_timestamp() else c.finished end
       from (
         select u.*, k.state = 'sealed' and k.done + k.failed + u.done + u.failed = k.inputs as ended
         from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
           as u (id, outcomes, done, failed, retried) join warpmap.calls k on k.id = u.id
       ) as r where c.id = r.id`,
    [
      calls.map(({ id }) => id),
      calls.map(({ outcomes }) => outcomes),
      calls.map(({ done }) => done),
      calls.map(({ failed }) => failed),
      calls.map(({ retried }) => retried),
    ],
  );
}

function push<Item>(lists: Map<string, Item[]>, name: string, item: Item): void {
  const list = lists.get(name);
  if (list) list.push(item);
  else lists.set(name, [item]);
}
