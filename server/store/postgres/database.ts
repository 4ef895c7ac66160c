/** Connections to one Postgres: bounded, with timeouts, opened again after the server was away. */
import { Pool, type PoolClient, type QueryResult, types } from 'pg';
import { ServerError } from '../../errors.ts';
import { isConflict, translated } from './failures.ts';

export interface DatabaseOptions {
  /** Connections at most. Default: 8. */
  readonly connections?: number;
  /** Milliseconds that a statement may take, and that one may wait for a connection. Default: 30,000. */
  readonly statementMs?: number;
}

export type Row = Record<string, unknown>;

/** Something that statements can be sent to: the database, each by itself; or a transaction. */
export interface Session {
  query<Result extends object = Row>(
    sql: string,
    values?: readonly unknown[],
    options?: StatementOptions,
  ): Promise<Result[]>;
}

export interface StatementOptions {
  /** Milliseconds that its answer is waited for; the server has a limit of its own, `statement_timeout`. Default: 35,000. */
  readonly patienceMs?: number;
}

/** How often a transaction is begun again that others were in the way of. */
const ATTEMPTS = 6;

/**
 * Tables that have just been filled have no statistics yet, and the server takes them for small: it would gather all that
 * waits, and sort it, to find the first few.
 */
const BEGIN = 'begin; set local enable_bitmapscan = off';

const INT8 = 20;

/** A node that hangs inside a transaction holds others up no longer than that. */
const IDLE_IN_TRANSACTION_MS = 10_000;

/** Throws `STORE_UNAVAILABLE` where the server can't be reached or refuses; afterwards it may be asked again. */
export class Database implements Session, AsyncDisposable {
  /** For people: where it is, without user and password. */
  readonly name: string;
  readonly #pool: Pool;
  #closing: Promise<void> | undefined;

  /** Connects when first asked for something. Throws `OPTION_INVALID` for what is no such address. */
  constructor(url: string, { connections = 8, statementMs = 30_000 }: DatabaseOptions = {}) {
    this.name = nameOf(url);
    this.#pool = new Pool({
      connectionString: url,
      max: connections,
      connectionTimeoutMillis: statementMs,
      idleTimeoutMillis: 30_000,
      statement_timeout: statementMs,
      // The server may be gone without a word.
      query_timeout: statementMs + 5_000,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      keepAlive: true,
      application_name: 'warpmap',
      // Numbers of ours stay below 2^53.
      types: {
        getTypeParser(oid, format): unknown {
          return Number(oid) === INT8 ? Number : types.getTypeParser(oid, format);
        },
      },
    });
    // Of a connection that nobody uses: the next who wants one gets another.
    this.#pool.on('error', () => {});
  }

  async query<Result extends object = Row>(
    sql: string,
    values?: readonly unknown[],
    options?: StatementOptions,
  ): Promise<Result[]> {
    const client = await this.#connect();
    let failed: Error | undefined;
    try {
      return await send<Result>(client, sql, values, options);
    } catch (error) {
      failed = asError(error);
      throw translated(error, this.name);
    } finally {
      release(client, failed);
    }
  }

  /** What `run` did is done as a whole, or not at all; it runs again if the database could not do it beside others. */
  async transaction<Result>(run: (session: Session) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(run);
      } catch (error) {
        if (isConflict(error) && attempt < ATTEMPTS) continue;
        throw translated(error, this.name);
      }
    }
  }

  /** Does `run` while no other connection to this database does what has the same `lock`. */
  async exclusively<Result>(lock: number, run: () => Promise<Result>): Promise<Result> {
    const client = await this.#connect();
    try {
      await send(client, 'select pg_advisory_lock($1)', [lock]);
      return await run();
    } catch (error) {
      throw translated(error, this.name);
    } finally {
      // The connection ends, and its lock with it.
      release(client, true);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#closing ??= this.#pool.end());
  }

  async #attempt<Result>(run: (session: Session) => Promise<Result>): Promise<Result> {
    const client = await this.#connect();
    let failed: Error | undefined;
    try {
      await send(client, BEGIN);
      const result = await run({ query: (sql, values, options) => send(client, sql, values, options) });
      await send(client, 'commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch((broken: unknown) => (failed = asError(broken)));
      throw error;
    } finally {
      release(client, failed);
    }
  }

  async #connect(): Promise<PoolClient> {
    if (this.#closing) throw new ServerError('STORE_UNAVAILABLE', `The connections to ${this.name} were closed`);
    try {
      const client = await this.#pool.connect();
      // While it is ours the pool does not listen, and a connection that breaks would end the process.
      client.on('error', ignore);
      return client;
    } catch (error) {
      throw translated(error, this.name);
    }
  }
}

async function send<Result extends object>(
  client: PoolClient,
  sql: string,
  values?: readonly unknown[],
  { patienceMs }: StatementOptions = {},
): Promise<Result[]> {
  const statement = { text: sql, values: values as unknown[], ...(patienceMs && { query_timeout: patienceMs }) };
  const result: QueryResult<Result> | QueryResult<Result>[] = await client.query<Result>(statement);
  // Several statements in one have a result each; what they say is in the last.
  if (Array.isArray(result)) return (result as QueryResult<Result>[]).at(-1)!.rows;
  return result.rows;
}

function release(client: PoolClient, failed?: Error | boolean): void {
  client.off('error', ignore);
  client.release(failed);
}

function ignore(): void {}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new ServerError('INTERNAL', String(error));
}

function nameOf(text: string): string {
  if (/^postgres(?:ql)?:\/\//.test(text) && URL.canParse(text)) {
    const url = new URL(text);
    return `postgres://${url.host || (url.searchParams.get('host') ?? 'localhost')}${url.pathname}`;
  }
  // Not what came: it may hold a password.
  throw new ServerError(
    'OPTION_INVALID',
    'Expected the address of a Postgres such as `postgres://user:password@host:5432/database`',
  );
}
