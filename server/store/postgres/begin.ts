/** How a call begins, and comes by its chunks. */
import { randomUUID } from 'node:crypto';
import { ServerError } from '../../errors.ts';
import type { Created } from '../contract.ts';
import type { CallChunk, CallStart, CallState } from '../../../shard/call/contract.ts';
import { packPlain } from '../pack.ts';
import { overlapping } from '../neighbours.ts';
import { pack, runsOf } from './blocks.ts';
import type { Session } from './database.ts';
import { type NewTicket, type Queue, queueOf } from './queue.ts';
import { offsetOf, settleQueue, turnOf } from './turns.ts';

export function unknownCall(call: string): ServerError {
  return new ServerError('CALL_UNKNOWN', `There is no call ${call}: it never began here, or its retention is over`);
}

export async function createCall(session: Session, start: CallStart): Promise<Created> {
  const { id, key = null, version = null, options = {}, retries = null, single = false } = start;
  const queue = queueOf(start);
  await settleQueue(session, queue);
  const made = await session.query(
    `insert into warpmap.calls (id, key, function, version, queue, options, retries, single)
       values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning id`,
    [id, key, start.function, version, queue, packed(options), retries && packed(retries), single],
  );
  if (made.length > 0) return { id, created: true };
  const [known] = await session.query<{ id: string; function: string; version: number | null }>(
    'select id, function, version from warpmap.calls where id = $1 or key = $2 order by (id = $1) desc limit 1',
    [id, key],
  );
  // It was removed in between.
  if (!known) return await createCall(session, start);
  const sameVersion = version === null || known.version === version;
  if (known.function !== start.function || !sameVersion) {
    throw new ServerError(
      'CALL_CONFLICT',
      `Call ${known.id}, which has that ${known.id === id ? 'id' : `key, \`${key}\``}, is one of ${nameOf(known)}, not of ${nameOf({ function: start.function, version })}`,
    );
  }
  return { id: known.id, created: false };
}

function packed(value: unknown): Buffer {
  return Buffer.from(packPlain(value));
}

function nameOf({ function: name, version }: { function: string; version: number | null }): string {
  return version === null ? name : `${name} of version ${version}`;
}

interface FedCall {
  readonly state: CallState;
  readonly queue: string;
  readonly turn: number;
  readonly last: number;
  readonly reached: number;
}

export async function appendChunks(
  session: Session,
  queue: Queue,
  call: string,
  chunks: readonly CallChunk[],
): Promise<void> {
  const [fed] = await session.query<FedCall>(
    `select c.state, c.queue, c.turn, c.last_chunk as last, q.turn as reached
       from warpmap.calls c join warpmap.queues q on q.name = c.queue where c.id = $1 for update of c`,
    [call],
  );
  if (!fed) throw unknownCall(call);
  if (chunks.length === 0) return;
  const lowest = chunks.reduce((least, { index }) => Math.min(least, index), Infinity);
  const last = chunks.reduce((most, { index }) => Math.max(most, index), fed.last);
  const offset = offsetOf(fed, lowest);
  const rows = chunks.map((chunk) => ({ ...chunk, turn: turnOf(offset, chunk.index), ticket: randomUUID() }));
  const added: NewTicket[] = [];
  let inputs = 0;
  for (const run of runsOf(rows)) {
    const { bytes, from, length } = pack(run.map(({ block }) => block));
    const inserted = await session.query<{ index: number }>(
      `insert into warpmap.chunks (call, index, first, count, remaining, turn, ticket, block)
         select $1, r.index, r.first, r.count, r.count, r.turn, r.ticket, substring($2::bytea from r.at for r.length)
         from unnest($3::int[], $4::bigint[], $5::int[], $6::int[], $7::uuid[], $8::int[], $9::int[])
           as r (index, first, count, turn, ticket, at, length)
         on conflict do nothing returning index`,
      [
        call,
        bytes,
        run.map(({ index }) => index),
        run.map(({ first }) => first),
        run.map(({ count }) => count),
        run.map(({ turn }) => turn),
        run.map(({ ticket }) => ticket),
        from,
        length,
      ],
    );
    const fresh = new Set(inserted.map(({ index }) => index));
    for (const { index, count, turn, ticket } of run) {
      // One that came twice in a request was taken once.
      if (!fresh.delete(index)) continue;
      added.push({ id: ticket, call, index, turn });
      inputs += count;
    }
  }
  if (added.length === 0) return;
  if (fed.state !== 'open') {
    throw new ServerError('CALL_SEALED', `Call ${call} is ${fed.state}, and takes no more inputs; begin another`);
  }
  await requireRoom(session, call, added);
  await session.query(
    `update warpmap.calls set chunks = chunks + $2, inputs = inputs + $3, turn = $4,
         last_chunk = $5, fed = clock_timestamp() where id = $1`,
    [call, added.length, inputs, offset, last],
  );
  await queue.add(session, fed.queue, added);
}

/** Throws unless each has no input that others have, and leaves one at least to each chunk between it and its neighbours. */
async function requireRoom(session: Session, call: string, added: readonly NewTicket[]): Promise<void> {
  const [astray] = await session.query<{ index: number }>(
    `select c.index from unnest($2::int[]) as a (index) join warpmap.chunks c on c.call = $1 and c.index = a.index
       left join lateral (
         select index, first + count as first from warpmap.chunks where call = $1 and index < a.index
         order by index desc limit 1
       ) before on true left join lateral (
         select index, first from warpmap.chunks where call = $1 and index > a.index order by index limit 1
       ) after on true
       where coalesce(before.first, 0) + c.index - coalesce(before.index, -1) - 1 > c.first
         or c.first + c.count + after.index - c.index - 1 > after.first
       order by c.index limit 1`,
    [call, added.map(({ index }) => index)],
  );
  if (astray) throw overlapping(call, astray.index);
}

interface SealedCall {
  readonly state: CallState;
  readonly chunks: number;
  readonly inputs: number;
}

export async function sealCall(
  session: Session,
  call: string,
  whole: { readonly chunks: number; readonly inputs: number },
): Promise<void> {
  const [there] = await session.query<SealedCall>(
    'select state, chunks, inputs from warpmap.calls where id = $1 for update',
    [call],
  );
  if (!there) throw unknownCall(call);
  const { chunks, inputs, state } = there;
  const asTold = chunks === whole.chunks && inputs === whole.inputs;
  if (!asTold || (state === 'open' && !(await isWhole(session, call)))) {
    throw new ServerError(
      'CALL_INCOMPLETE',
      `Call ${call} has ${chunks} chunks with ${inputs} inputs, expected ${whole.chunks} with ${whole.inputs}, one after the other; send what is missing, and seal it again`,
    );
  }
  await session.query(
    `update warpmap.calls set sealed = true,
         state = case when state <> 'open' then state when done + failed = inputs then 'done' else 'sealed' end,
         finished = case when state = 'open' and done + failed = inputs then clock_timestamp() else finished end
       where id = $1`,
    [call],
  );
}

/** Whether the chunks are numbered from 0, and each begins where the one before it ends. */
async function isWhole(session: Session, call: string): Promise<boolean> {
  const astray = await session.query(
    `select from (
         select index, first, row_number() over each - 1 as number, lag(first + count, 1, 0::bigint) over each as start
         from warpmap.chunks where call = $1 window each as (order by index)
       ) as chunk where index <> number or first <> start limit 1`,
    [call],
  );
  return astray.length === 0;
}
