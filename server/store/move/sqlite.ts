import type { Database } from '../../sqlite/database.ts';
import { packPlain, unpackPlain } from '../pack.ts';
import { openCalls } from '../sqlite/schema.ts';
import type { CallContents, CallRecord, ChunkRecord, Movable, OutcomeRecord } from './contract.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const CALL = `SELECT id AS rowid, call AS id, function, version, key, single, state, options, retries, chunks, inputs, done,
  failed, cancelled, retried, created, touched AS fed, finished FROM calls WHERE call = ?`;

type CallRow = Omit<CallRecord, 'single' | 'retries'> & {
  readonly rowid: number;
  readonly single: number;
  readonly retries: Bytes;
};

interface ChunkRow extends Omit<ChunkRecord, 'failures'> {
  readonly failures: Bytes | null;
}

/** The file of calls of a data directory. */
export class MovableSqlite implements Movable {
  readonly name: string;
  readonly #database: Database;
  readonly #now: () => number;

  /** Makes the file if there is none. */
  constructor(path: string, now: () => number = Date.now) {
    this.name = path;
    this.#database = openCalls(path);
    this.#now = now;
  }

  async leases(): Promise<number> {
    const { many } = this.#database.get<{ many: number }>(
      `SELECT count(*) AS many FROM chunks WHERE until > ? AND state = 'leased'`,
      this.#now(),
    )!;
    return many;
  }

  async calls(): Promise<string[]> {
    return this.#database.all<{ call: string }>('SELECT call FROM calls ORDER BY created, id').map(({ call }) => call);
  }

  async read(call: string): Promise<CallContents | undefined> {
    const row = this.#database.get<CallRow>(CALL, call);
    if (!row) return undefined;
    const { rowid, ...rest } = row;
    const retries = unpackPlain<object | null>(row.retries) === null ? null : row.retries;
    const database = this.#database;
    return {
      call: { ...rest, single: row.single === 1, retries },
      async *chunks() {
        for (const { failures, ...chunk } of database.each<ChunkRow>(
          `SELECT chunk AS "index", first, count, settled, fence, losses, failures, bytes AS block
           FROM chunks JOIN blocks ON blocks.id = chunks.block WHERE call = ? ORDER BY chunk`,
          rowid,
        )) {
          yield { ...chunk, failures: failures ? unpackPlain<number[]>(failures) : [] };
        }
      },
      async *outcomes() {
        for (const { first, count, block, failure } of database.each<
          Record<'block' | 'failure', Bytes | null> & OutcomeRecord
        >('SELECT first, count, block, failure FROM outcomes WHERE call = ? ORDER BY id', rowid)) {
          yield { first, count, ...(block && { block }), ...(failure && { failure }) };
        }
      },
      async *lines() {
        for (const { line } of database.each<{ line: Bytes }>(
          'SELECT line FROM lines WHERE call = ? ORDER BY number',
          rowid,
        )) {
          yield line;
        }
      },
    };
  }

  async write(contents: CallContents, check: () => void): Promise<void> {
    const database = this.#database;
    database.exec('BEGIN IMMEDIATE');
    try {
      await this.#write(contents);
      check();
      database.exec('COMMIT');
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#database[Symbol.dispose]();
  }

  async #write({ call, chunks, outcomes, lines }: CallContents): Promise<void> {
    const database = this.#database;
    const id = this.#insertCall(call);
    /** Where each chunk begins, by rising index. */
    const begins: { readonly index: number; readonly first: number }[] = [];
    let ready = 0;
    for await (const chunk of chunks()) {
      begins.push({ index: chunk.index, first: chunk.first });
      this.#insertChunk(id, chunk);
      if (chunk.settled < chunk.count) ready++;
    }
    for await (const { first, count, block, failure } of outcomes()) {
      database.run(
        'INSERT INTO outcomes (call, chunk, first, count, failure, block) VALUES (?, ?, ?, ?, ?, ?)',
        id,
        chunkAt(begins, first),
        first,
        count,
        failure ?? null,
        block ?? null,
      );
    }
    let logged = 0;
    for await (const line of lines()) {
      logged++;
      database.run('INSERT INTO lines (call, number, line) VALUES (?, ?, ?)', id, logged, line);
    }
    database.run('UPDATE calls SET ready = ?, logged = ? WHERE id = ?', ready, logged, id);
  }

  #insertCall(call: CallRecord): number | bigint {
    const { turn } = this.#database.get<{ turn: number }>('UPDATE store SET turn = turn + 1 RETURNING turn')!;
    const left = call.inputs - call.done - call.failed - call.cancelled;
    return this.#database
      .statement(
        `INSERT INTO calls (call, function, version, options, retries, key, single, state, created, touched, finished,
           turn, chunks, inputs, pending, done, failed, cancelled, retried)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        call.id,
        call.function,
        call.version,
        call.options,
        call.retries ?? packPlain(null),
        call.key,
        Number(call.single),
        call.state,
        call.created,
        call.fed,
        call.finished,
        turn,
        call.chunks,
        call.inputs,
        left,
        call.done,
        call.failed,
        call.cancelled,
        call.retried,
      ).lastInsertRowid;
  }

  #insertChunk(call: number | bigint, chunk: ChunkRecord): void {
    const { lastInsertRowid } = this.#database.statement('INSERT INTO blocks (bytes) VALUES (?)').run(chunk.block);
    this.#database.run(
      `INSERT INTO chunks (call, chunk, first, count, state, settled, fence, losses, failures, block)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      call,
      chunk.index,
      chunk.first,
      chunk.count,
      chunk.settled < chunk.count ? 'ready' : 'done',
      chunk.settled,
      chunk.fence + 1,
      chunk.losses,
      chunk.failures.length > 0 ? packPlain(chunk.failures) : null,
      lastInsertRowid,
    );
  }
}

function chunkAt(begins: readonly { readonly index: number; readonly first: number }[], position: number): number {
  let low = 0;
  let high = begins.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (begins[middle]!.first <= position) low = middle;
    else high = middle - 1;
  }
  return begins[low]!.index;
}
