import type {
  Acknowledgement,
  Backlog,
  CallFilter,
  ChunkStore,
  Claim,
  Created,
  Lease,
  LeaseFate,
  LeaseName,
  LogPage,
  OutcomePage,
  OutcomesPage,
  StoredStatus,
} from '../contract.ts';
import type { CallChunk, CallLogLine, CallStart } from '../../../shard/call/contract.ts';
import { acknowledgeAll } from './acknowledge.ts';
import { backlogOf } from './backlog.ts';
import { appendChunks, createCall, sealCall, unknownCall } from './begin.ts';
import type { Database } from './database.ts';
import { callsToPurge, cancelCall, clear, type Leftover, removeCall, retryCall } from './end.ts';
import { claimChunks, renewLeases } from './lease.ts';
import { addLines, linesOf } from './logs.ts';
import { outcomesOf } from './outcomes.ts';
import { type Queue, queueOf } from './queue.ts';
import { listing, STATUS_OF_CALL, statusOf, type StatusRow } from './statuses.ts';
import { reach } from './turns.ts';

/** Each verb is a transaction. All times are of the database's clock, so that those of the nodes do not matter. */
export class PostgresStore implements ChunkStore {
  readonly id: string;
  readonly #database: Database;
  readonly #queue: Queue;

  constructor(id: string, database: Database, queue: Queue) {
    this.id = id;
    this.#database = database;
    this.#queue = queue;
  }

  async create(call: CallStart): Promise<Created> {
    await this.#queue.ensure(queueOf(call));
    return await this.#database.transaction((session) => createCall(session, call));
  }

  async append(call: string, chunks: readonly CallChunk[]): Promise<void> {
    await this.#database.transaction((session) => appendChunks(session, this.#queue, call, chunks));
  }

  async seal(call: string, whole: { readonly chunks: number; readonly inputs: number }): Promise<void> {
    await this.#database.transaction((session) => sealCall(session, call, whole));
  }

  async claim(want: Claim): Promise<Lease[]> {
    const reached = new Map<string, number>();
    const leases = await this.#database.transaction((session) => {
      reached.clear();
      return claimChunks(session, this.#queue, want, reached);
    });
    // The leases are made, whatever becomes of this note: who does not hear of them leaves them to run out.
    for (const [queue, turn] of reached) await reach(this.#database, queue, turn).catch(() => {});
    return leases;
  }

  async renew(leases: readonly LeaseName[], leaseMs: number): Promise<LeaseFate[]> {
    if (leases.length === 0) return [];
    return await this.#database.transaction((session) => renewLeases(session, leases, leaseMs));
  }

  async acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<boolean[]> {
    if (acknowledgements.length === 0) return [];
    return await this.#database.transaction((session) => acknowledgeAll(session, this.#queue, acknowledgements));
  }

  async status(call: string): Promise<StoredStatus> {
    const [row] = await this.#database.query<StatusRow>(STATUS_OF_CALL, [call]);
    if (!row) throw unknownCall(call);
    return statusOf(row);
  }

  async list(filter: CallFilter): Promise<StoredStatus[]> {
    return (await this.#database.query<StatusRow>(...listing(filter))).map(statusOf);
  }

  async outcomes(call: string, page: OutcomePage): Promise<OutcomesPage> {
    return await outcomesOf(this.#database, call, page);
  }

  async cancel(call: string): Promise<void> {
    await this.#clear(await this.#database.transaction((session) => cancelCall(session, call)));
  }

  async retry(call: string): Promise<number> {
    return await this.#database.transaction((session) => retryCall(session, this.#queue, call));
  }

  async remove(call: string): Promise<void> {
    await this.#clear(await this.#database.transaction((session) => removeCall(session, call)));
  }

  async purge(retentionMs: number): Promise<number> {
    let removed = 0;
    for (let after = ''; ;) {
      const calls = await callsToPurge(this.#database, after, retentionMs);
      for (const call of calls) {
        const left = await this.#database.transaction((session) => removeCall(session, call, { retentionMs }));
        if (left) removed++;
        await this.#clear(left);
      }
      if (calls.length === 0) return removed;
      after = calls.at(-1)!;
    }
  }

  async log(call: string, lines: readonly CallLogLine[]): Promise<void> {
    await this.#database.transaction((session) => addLines(session, call, lines));
  }

  async logs(call: string, page: { readonly after?: number; readonly limit: number }): Promise<LogPage> {
    return await linesOf(this.#database, call, page);
  }

  async backlog(): Promise<Backlog[]> {
    return await backlogOf(this.#database);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue[Symbol.asyncDispose]();
    await this.#database[Symbol.asyncDispose]();
  }

  async #clear(left: Leftover | undefined): Promise<void> {
    if (left) await clear(this.#database, this.#queue, left);
  }
}
