import { randomUUID } from 'node:crypto';
import { ServerError } from '../errors.ts';
import { Database, type DatabaseOptions, type Session } from '../store/postgres/database.ts';
import { migrate } from '../store/postgres/migrate.ts';
import type { ByteRange, ObjectBytes, Objects, ObjectStat } from './contract.ts';
import { requireKey } from './key.ts';
import { piecesOf, PIECE_BYTES } from './pieces.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Contents that no object has any more are kept so long, for those who read them. */
const KEPT = `interval '1 hour'`;
/** Contents that are swept away at once. */
const SWEPT_AT_ONCE = 64;
const SWEEP_MS = 10 * 60 * 1000;
/** Keys of one statement of a list. */
const PAGE = 1_000;

interface Found {
  readonly content: string;
  readonly bytes: number;
}

/**
 * Objects in a Postgres, cut into pieces. The pieces are written under a name of their own, and then an object is given
 * that content in one statement; so nobody sees a part of it.
 */
export class PostgresObjects implements Objects {
  readonly name: string;
  readonly #database: Database;
  #swept = -Infinity;

  private constructor(database: Database) {
    this.#database = database;
    this.name = database.name;
  }

  /** Makes the tables if there are none. Throws `OBJECTS_UNAVAILABLE`, `OPTION_INVALID` or `STORE_NEWER`. */
  static async open(url: string, options: DatabaseOptions = { connections: 4 }): Promise<PostgresObjects> {
    const database = new Database(url, options);
    const objects = new PostgresObjects(database);
    try {
      await objects.#attempt(async () => {
        await migrate(database);
        await objects.#sweep();
      });
      return objects;
    } catch (error) {
      await database[Symbol.asyncDispose]();
      throw error;
    }
  }

  async read(
    key: string,
    { start, end = Infinity }: ByteRange = { start: 0 },
  ): Promise<ReadableStream<Bytes> | undefined> {
    requireKey(key);
    const [found] = await this.#attempt(() =>
      this.#database.query<Found>('select content, bytes from warpmap.objects where key = $1', [key]),
    );
    if (!found) return undefined;
    let at = start;
    const to = Math.min(end, found.bytes);
    return new ReadableStream(
      {
        pull: async (controller) => {
          if (at < to) {
            const part = await this.#part(key, found.content, at, to);
            at += part.length;
            controller.enqueue(part);
          }
          if (at >= to) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
  }

  async write(key: string, bytes: ObjectBytes): Promise<void> {
    requireKey(key);
    const content = randomUUID();
    let size = 0;
    let number = 0;
    for await (const piece of piecesOf(bytes)) {
      await this.#attempt(() => this.#put(content, number, piece));
      size += piece.length;
      number++;
    }
    await this.#attempt(() =>
      this.#database.transaction(async (session) => {
        await lock(session, key);
        if (number > 0) await claim(session, content);
        await drop(session, key);
        await give(session, key, content, size);
      }),
    );
    await this.#sweepNowAndThen();
  }

  async create(key: string, bytes: Bytes): Promise<boolean> {
    requireKey(key);
    // Most that fail to create find it there; they need not write first.
    if (await this.stat(key)) return false;
    const content = randomUUID();
    let number = 0;
    for await (const piece of piecesOf(bytes)) {
      await this.#attempt(() => this.#put(content, number, piece));
      number++;
    }
    return await this.#attempt(() =>
      this.#database.transaction(async (session) => {
        await lock(session, key);
        const there = await session.query('select from warpmap.objects where key = $1', [key]);
        if (there.length > 0) return false;
        if (number > 0) await claim(session, content);
        await give(session, key, content, bytes.length);
        return true;
      }),
    );
  }

  async stat(key: string): Promise<ObjectStat | undefined> {
    requireKey(key);
    const [found] = await this.#attempt(() => this.#database.query<ObjectStat>(`${STATS} where key = $1`, [key]));
    return found;
  }

  async *list(prefix: string, after = ''): AsyncGenerator<ObjectStat, void, undefined> {
    // Keys are ASCII, in which nothing is above DEL.
    if (!/^[ -~]*$/u.test(prefix)) return;
    for (let from = after; ;) {
      const page = await this.#attempt(() =>
        this.#database.query<ObjectStat>(
          `${STATS} where key >= $1 and key < $1 || chr(127) and key > $2 order by key limit ${PAGE}`,
          [prefix, from],
        ),
      );
      yield* page;
      if (page.length < PAGE) return;
      from = page.at(-1)!.key;
    }
  }

  async remove(key: string): Promise<void> {
    requireKey(key);
    await this.#attempt(() =>
      this.#database.transaction(async (session) => {
        await lock(session, key);
        await drop(session, key);
      }),
    );
    await this.#sweepNowAndThen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }

  /** What one piece has of a range, from its start on. */
  async #part(key: string, content: string, at: number, to: number): Promise<Bytes> {
    const number = Math.floor(at / PIECE_BYTES);
    const offset = at - number * PIECE_BYTES;
    const [piece] = await this.#attempt(() =>
      this.#database.query<{ part: Buffer }>(
        `select substring(bytes from $3::int for $4::int) as part from warpmap.pieces where content = $1 and number = $2`,
        [content, number, offset + 1, Math.min(to - at, PIECE_BYTES - offset)],
      ),
    );
    if (piece) return new Uint8Array(piece.part);
    throw new ServerError(
      'OBJECTS_UNAVAILABLE',
      `Object ${key} was replaced or removed while it was read, more than an hour ago; read it again`,
    );
  }

  /** A piece of contents that no object has yet. They are swept away if none ever will. */
  async #put(content: string, number: number, piece: Bytes): Promise<void> {
    await this.#database.query(
      `with content as (
         insert into warpmap.contents (id, dropped) values ($1, clock_timestamp())
           on conflict (id) do update set dropped = excluded.dropped
       ) insert into warpmap.pieces (content, number, bytes) values ($1, $2, $3)`,
      [content, number, Buffer.from(piece.buffer, piece.byteOffset, piece.length)],
    );
  }

  async #sweepNowAndThen(): Promise<void> {
    if (performance.now() - this.#swept > SWEEP_MS) await this.#attempt(() => this.#sweep());
  }

  async #sweep(): Promise<void> {
    this.#swept = performance.now();
    await this.#database.query(
      `with swept as (
         delete from warpmap.contents where id in (
           select id from warpmap.contents where dropped < clock_timestamp() - ${KEPT}
             limit ${SWEPT_AT_ONCE} for update skip locked
         ) returning id
       ) delete from warpmap.pieces where content in (select id from swept)`,
    );
  }

  async #attempt<Result>(action: () => Promise<Result>): Promise<Result> {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof ServerError) || error.code !== 'STORE_UNAVAILABLE') throw error;
      throw new ServerError('OBJECTS_UNAVAILABLE', error.message, { cause: error.cause });
    }
  }
}

const STATS = `select key, bytes, floor(extract(epoch from modified) * 1000)::bigint as modified from warpmap.objects`;

/** Until the transaction ends, nobody else changes which content the key has. */
async function lock(session: Session, key: string): Promise<void> {
  await session.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [key]);
}

/** Contents that no sweep takes any more. */
async function claim(session: Session, content: string): Promise<void> {
  const there = await session.query('update warpmap.contents set dropped = null where id = $1 returning id', [content]);
  if (there.length > 0) return;
  throw new ServerError('OBJECTS_UNAVAILABLE', 'What was written was swept away, since nothing came for an hour');
}

async function give(session: Session, key: string, content: string, bytes: number): Promise<void> {
  await session.query(
    'insert into warpmap.objects (key, content, bytes, modified) values ($1, $2, $3, clock_timestamp())',
    [key, content, bytes],
  );
}

async function drop(session: Session, key: string): Promise<void> {
  await session.query(
    `with old as (delete from warpmap.objects where key = $1 returning content)
       update warpmap.contents set dropped = clock_timestamp() where id in (select content from old)`,
    [key],
  );
}
