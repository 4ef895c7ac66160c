import { randomUUID } from 'node:crypto';
import { bytesOf, pack, runsOf } from '../postgres/blocks.ts';
import { Database, type Session } from '../postgres/database.ts';
import { migrate } from '../postgres/migrate.ts';
import { type NewTicket, Queue, queueOf } from '../postgres/queue.ts';
import { settleQueue, turnOf } from '../postgres/turns.ts';
import type { CallContents, CallRecord, ChunkRecord, Movable, OutcomeRecord } from './contract.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Rows that are read at once, and their bytes about. */
const PAGE = 256;

const CALL = `select id, function, version, key, single, state, options, retries, chunks, inputs, done, failed, cancelled,
    retried, floor(extract(epoch from created) * 1000)::bigint as created,
    floor(extract(epoch from fed) * 1000)::bigint as fed,
    floor(extract(epoch from finished) * 1000)::bigint as finished
  from warpmap.calls where id = $1`;

type CallRow = Omit<CallRecord, 'options' | 'retries'> & Record<'options', Buffer> & Record<'retries', Buffer | null>;

interface ChunkRow extends Omit<ChunkRecord, 'block' | 'failures' | 'settled'> {
  readonly block: Buffer;
  readonly remaining: number;
  readonly failures: number[] | null;
}

/** The calls in a Postgres. */
export class MovablePostgres implements Movable {
  readonly name: string;
  readonly #database: Database;
  readonly #queue: Queue;

  private constructor(database: Database, queue: Queue) {
    this.name = database.name;
    this.#database = database;
    this.#queue = queue;
  }

  /** Makes the tables if there are none. */
  static async open(url: string): Promise<MovablePostgres> {
    const database = new Database(url, { connections: 2 });
    const queue = new Queue(new Database(url, { connections: 1 }));
    const movable = new MovablePostgres(database, queue);
    try {
      await migrate(database, () => queue.start());
      return movable;
    } catch (error) {
      await movable[Symbol.asyncDispose]();
      throw error;
    }
  }

  async leases(): Promise<number> {
    const [found] = await this.#database.query<{ many: number }>(
      'select count(*) as many from warpmap.chunks where leased_until > clock_timestamp()',
    );
    return found!.many;
  }

  async calls(): Promise<string[]> {
    const rows = await this.#database.query<{ id: string }>('select id from warpmap.calls order by created, id');
    return rows.map(({ id }) => id);
  }

  async read(id: string): Promise<CallContents | undefined> {
    const database = this.#database;
    const [row] = await database.query<CallRow>(CALL, [id]);
    if (!row) return undefined;
    const call = { ...row, options: bytesOf(row.options), retries: row.retries && bytesOf(row.retries) };
    return {
      call,
      async *chunks() {
        const rows = paged<ChunkRow>(
          database,
          id,
          `select index, first, count, block, remaining, fence, losses, failures, index as at
             from warpmap.chunks where call = $1 and index > $2 order by index limit ${PAGE}`,
        );
        for await (const { block, remaining, failures, at: _, ...chunk } of rows) {
          yield { ...chunk, block: bytesOf(block), settled: chunk.count - remaining, failures: failures ?? [] };
        }
      },
      async *outcomes() {
        const rows = paged<OutcomeRecord & Record<'block' | 'failure', Buffer | null>>(
          database,
          id,
          `select first, count, block, failure, number as at
             from warpmap.outcomes where call = $1 and number > $2 order by number limit ${PAGE}`,
        );
        for await (const { first, count, block, failure } of rows) {
          yield {
            first,
            count,
            ...(block && { block: bytesOf(block) }),
            ...(failure && { failure: bytesOf(failure) }),
          };
        }
      },
      async *lines() {
        const rows = paged<{ line: Buffer }>(
          database,
          id,
          `select line, number as at from warpmap.logs where call = $1 and number > $2 order by number limit ${PAGE}`,
        );
        for await (const { line } of rows) yield bytesOf(line);
      },
    };
  }

  async write(contents: CallContents, check: () => void): Promise<void> {
    await this.#queue.ensure(queueOf(runnableOf(contents.call)));
    await this.#database.transaction(async (session) => {
      await this.#write(session, contents);
      check();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue[Symbol.asyncDispose]();
    await this.#database[Symbol.asyncDispose]();
  }

  async #write(session: Session, { call, chunks, outcomes, lines }: CallContents): Promise<void> {
    const queue = queueOf(runnableOf(call));
    await settleQueue(session, queue);
    const [line] = await session.query<{ turn: number }>('select turn from warpmap.queues where name = $1', [queue]);
    const offset = line!.turn + 1;
    await insertCall(session, call, { queue, offset });
    const runs = call.state === 'open' || call.state === 'sealed';
    for await (const run of inRuns(chunks())) {
      const rows = run.map((chunk) => ({
        ...chunk,
        turn: turnOf(offset, chunk.index),
        ticket: runs && chunk.settled < chunk.count ? randomUUID() : null,
      }));
      await insertChunks(session, call.id, rows);
      const tickets = rows.flatMap(({ ticket, index, turn }): NewTicket[] =>
        ticket === null ? [] : [{ id: ticket, call: call.id, index, turn }],
      );
      await this.#queue.add(session, queue, tickets);
    }
    let number = 0;
    for await (const run of inRuns(outcomes())) {
      await insertOutcomes(session, call.id, { run, from: number });
      number += run.length;
    }
    await session.query('update warpmap.calls set outcomes = $2 where id = $1', [call.id, number]);
    await insertLines(session, call.id, await Array.fromAsync(lines()));
  }
}

function runnableOf({ function: name, version }: CallRecord): { function: string; version?: number } {
  return { function: name, ...(version !== null && { version }) };
}

interface Position {
  readonly at: number;
}

async function* paged<Found extends object>(
  database: Database,
  call: string,
  sql: string,
): AsyncGenerator<Found & Position> {
  for (let after = -1; ;) {
    const rows = await database.query<Found & Position>(sql, [call, after]);
    for (const row of rows) yield row;
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.at;
  }
}

/** Gathers what goes into one statement. */
async function* inRuns<Item extends { readonly block?: Bytes | undefined }>(
  items: AsyncIterable<Item>,
): AsyncGenerator<Item[]> {
  let gathered: Item[] = [];
  for await (const item of items) {
    gathered.push(item);
    if (gathered.length < PAGE) continue;
    yield* runsOf(gathered);
    gathered = [];
  }
  yield* runsOf(gathered);
}

async function insertCall(
  session: Session,
  call: CallRecord,
  { queue, offset }: { readonly queue: string; readonly offset: number },
): Promise<void> {
  await session.query(
    `insert into warpmap.calls (id, key, function, version, queue, options, retries, single, state, sealed, chunks, inputs,
         done, failed, cancelled, retried, turn, last_chunk, created, fed, finished)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9 <> 'open', $10, $11, $12, $13, $14, $15, $16, $10 - 1,
         to_timestamp($17::float8 / 1000), to_timestamp($18::float8 / 1000), to_timestamp($19::float8 / 1000))`,
    [
      call.id,
      call.key,
      call.function,
      call.version,
      queue,
      Buffer.from(call.options),
      call.retries && Buffer.from(call.retries),
      call.single,
      call.state,
      call.chunks,
      call.inputs,
      call.done,
      call.failed,
      call.cancelled,
      call.retried,
      offset,
      call.created,
      call.fed,
      call.finished,
    ],
  );
}

type TicketedChunk = ChunkRecord & { readonly turn: number; readonly ticket: string | null };

async function insertChunks(session: Session, call: string, run: readonly TicketedChunk[]): Promise<void> {
  const { bytes, from, length } = pack(run.map(({ block }) => block));
  await session.query(
    `insert into warpmap.chunks (call, index, first, count, remaining, turn, fence, losses, failures, ticket, block)
       select $1, r.index, r.first, r.count, r.remaining, r.turn, r.fence, r.losses, r.failures::json, r.ticket,
         substring($2::bytea from r.at for r.length)
       from unnest($3::int[], $4::bigint[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[], $10::text[],
           $11::uuid[], $12::int[], $13::int[])
         as r (index, first, count, remaining, turn, fence, losses, failures, ticket, at, length)`,
    [
      call,
      bytes,
      run.map(({ index }) => index),
      run.map(({ first }) => first),
      run.map(({ count }) => count),
      run.map(({ count, settled }) => count - settled),
      run.map(({ turn }) => turn),
      run.map(({ fence }) => fence + 1),
      run.map(({ losses }) => losses),
      run.map(({ failures }) => (failures.length > 0 ? JSON.stringify(failures) : null)),
      run.map(({ ticket }) => ticket),
      from,
      length,
    ],
  );
}

async function insertOutcomes(
  session: Session,
  call: string,
  { run, from: before }: { readonly run: readonly OutcomeRecord[]; readonly from: number },
): Promise<void> {
  const { bytes, from, length } = pack(run.map(({ block }) => block));
  await session.query(
    `insert into warpmap.outcomes (call, number, first, count, failure, block)
       select $1, r.number, r.first, r.count, r.failure,
         case when r.length >= 0 then substring($2::bytea from r.at for r.length) end
       from unnest($3::bigint[], $4::bigint[], $5::int[], $6::bytea[], $7::int[], $8::int[])
         as r (number, first, count, failure, at, length)`,
    [
      call,
      bytes,
      run.map((_, at) => before + at + 1),
      run.map(({ first }) => first),
      run.map(({ count }) => count),
      run.map(({ failure }) => (failure ? Buffer.from(failure) : null)),
      from,
      length,
    ],
  );
}

async function insertLines(session: Session, call: string, lines: readonly Bytes[]): Promise<void> {
  if (lines.length === 0) return;
  await session.query('insert into warpmap.log_heads (call, number) values ($1, $2)', [call, lines.length]);
  await session.query(
    `insert into warpmap.logs (call, number, line)
       select $1, l.at, l.line from unnest($2::bytea[]) with ordinality as l (line, at)`,
    [call, lines.map((line) => Buffer.from(line))],
  );
}
