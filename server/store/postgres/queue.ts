/**
 * The queue on pg-boss. A job of it, here a ticket, stands for one lease of one chunk that is to come, and carries its
 * call and index. pg-boss gives each ticket to one node; who has the chunk, and until when, is in our own table, because
 * pg-boss knows leases of 10 s and up, and looks for those that ended once in a while: so a ticket that was taken stays
 * where it is until what became of its chunk removes it, and a chunk that is to be leased again gets another.
 */
import { type Db, PgBoss } from 'pg-boss';
import type { Runnable } from '../contract.ts';
import type { Database, Session } from './database.ts';

export interface Ticket {
  readonly id: string;
  readonly call: string;
  readonly index: number;
}

export interface NewTicket extends Ticket {
  /** Lower turns come first; see turns.ts. */
  readonly turn: number;
  /** Milliseconds before which nobody gets it. Default: 0. */
  readonly afterMs?: number;
}

/** Tickets that one statement adds or removes. */
const SLICE = 10_000;
const SCHEMA = 'warpmap_queue';
/** Jobs that can be taken at once can be so also when the clock of the server is set back. */
const LONG_AGO = '2000-01-01T00:00:00Z';
/** Nothing is removed because it is old; pg-boss has no larger number. */
const RETENTION_SECONDS = 2 ** 31 - 1;

export class Queue implements AsyncDisposable {
  readonly #database: Database;
  readonly #boss: PgBoss;
  readonly #known = new Set<string>();

  /**
   * The database is its own: amid a transaction pg-boss may look up a queue, and would wait for a connection that other
   * transactions have, which wait for the same.
   */
  constructor(database: Database) {
    this.#database = database;
    this.#boss = new PgBoss({
      db: adapt(database),
      schema: SCHEMA,
      supervise: false,
      schedule: false,
      registerInstance: false,
      openTelemetry: { enabled: false },
    });
    // It reads the list of queues again and again; while the server is away that fails, and what we ask of it tells.
    this.#boss.on('error', () => {});
  }

  /** Makes what pg-boss needs in the database, or brings it to its version. */
  async start(): Promise<void> {
    await this.#boss.start();
  }

  /** Sees to it that there is the queue of a function. */
  async ensure(name: string): Promise<void> {
    if (this.#known.has(name)) return;
    await this.#boss.createQueue(name, { retentionSeconds: RETENTION_SECONDS });
    this.#known.add(name);
  }

  async add(session: Session, queue: string, tickets: readonly NewTicket[]): Promise<void> {
    for (let from = 0; from < tickets.length; from += SLICE) {
      const jobs = tickets.slice(from, from + SLICE).map(({ id, call, index, turn, afterMs = 0 }) => ({
        id,
        data: { call, index },
        priority: -turn,
        startAfter: afterMs > 0 ? afterMs / 1000 : LONG_AGO,
      }));
      await this.#boss.insert(queue, jobs, { db: adapt(session) });
    }
  }

  /** Takes tickets that nobody else gets; those of the lowest turns. */
  async take(session: Session, queue: string, limit: number): Promise<Ticket[]> {
    const jobs = await this.#boss.fetch<{ call: string; index: number }>(queue, {
      batchSize: limit,
      db: adapt(session),
    });
    return jobs.map(({ id, data }) => ({ id, ...data }));
  }

  /** Removes tickets, taken or not. */
  async remove(session: Session, queue: string, ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += SLICE) {
      await this.#boss.deleteJob(queue, ids.slice(from, from + SLICE), { db: adapt(session) });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#boss.stop({ graceful: false, close: false });
    await this.#database[Symbol.asyncDispose]();
  }
}

/** The name of the queue of a function and version, in the characters that pg-boss allows. */
export function queueOf({ function: name, version }: Runnable): string {
  const plain = name.replaceAll(/[^\w\-/]/gu, (character) => `.${character.codePointAt(0)!.toString(16)}.`);
  // No escape begins with a v.
  return version === undefined ? plain : `${plain}.v${version}`;
}

function adapt(session: Session): Db {
  return { executeSql: async (text, values) => ({ rows: await session.query(text, values) }) };
}
