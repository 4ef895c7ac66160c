import type { CallChunk, CallLogLine, CallStart } from '../../../shard/call/contract.ts';
import type { Database } from '../../sqlite/database.ts';
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
import { acknowledge } from './acknowledge.ts';
import { append } from './append.ts';
import { backlog, cancel, create, list, seal, status } from './calls.ts';
import { claim, renew } from './claim.ts';
import type { Context } from './context.ts';
import { asStoreError } from './failure.ts';
import { Group } from './group.ts';
import { log, logs } from './logs.ts';
import { outcomes } from './outcomes.ts';
import { hide, hideOld, shrink, sweep } from './remove.ts';
import { retry } from './retry.ts';
import { openCalls } from './schema.ts';

export interface EngineOptions {
  readonly path: string;
  /** Milliseconds since 1970. Default: the machine's clock. */
  readonly now?: () => number;
  /** Milliseconds that another process may hold the file. Default: 10,000. */
  readonly busyMs?: number;
}

/** The store on the thread that it is made on, which waits whenever the disk is waited for. */
export class SqliteEngine implements ChunkStore {
  readonly id: string;
  readonly #database: Database;
  readonly #context: Context;
  readonly #group: Group;
  #closing = false;

  constructor({ path, now = Date.now, busyMs }: EngineOptions) {
    this.#database = openCalls(path, { busyMs });
    this.#context = { database: this.#database, now: () => Math.floor(now()) };
    this.#group = new Group(this.#database);
    this.id = this.#database.get<{ id: string }>('SELECT id FROM store')!.id;
  }

  create(call: CallStart): Promise<Created> {
    return this.#group.run(() => create(this.#context, call));
  }

  append(call: string, chunks: readonly CallChunk[]): Promise<void> {
    return this.#group.run(() => append(this.#context, call, chunks));
  }

  seal(call: string, whole: { readonly chunks: number; readonly inputs: number }): Promise<void> {
    return this.#group.run(() => seal(this.#context, call, whole));
  }

  claim(want: Claim): Promise<Lease[]> {
    return this.#group.run(() => claim(this.#context, want));
  }

  renew(leases: readonly LeaseName[], leaseMs: number): Promise<LeaseFate[]> {
    return this.#group.run(() => renew(this.#context, leases, leaseMs));
  }

  acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<boolean[]> {
    return this.#group.run(() => acknowledgements.map((each) => acknowledge(this.#context, each)));
  }

  async status(call: string): Promise<StoredStatus> {
    return this.#read(() => status(this.#context, call));
  }

  async list(filter: CallFilter): Promise<StoredStatus[]> {
    return this.#read(() => list(this.#context, filter));
  }

  async outcomes(call: string, page: OutcomePage): Promise<OutcomesPage> {
    return this.#read(() => outcomes(this.#context, call, page));
  }

  cancel(call: string): Promise<void> {
    return this.#group.run(() => cancel(this.#context, call));
  }

  retry(call: string): Promise<number> {
    return this.#group.run(() => retry(this.#context, call));
  }

  async remove(call: string): Promise<void> {
    await this.#group.run(() => hide(this.#context, call));
    await this.#clean();
  }

  async purge(retentionMs: number): Promise<number> {
    let removed = 0;
    for (;;) {
      const some = await this.#group.run(() => hideOld(this.#context, retentionMs));
      if (some === 0) break;
      removed += some;
    }
    await this.#clean();
    return removed;
  }

  log(call: string, lines: readonly CallLogLine[]): Promise<void> {
    return this.#group.run(() => log(this.#context, call, lines));
  }

  async logs(call: string, page: { readonly after?: number; readonly limit: number }): Promise<LogPage> {
    return this.#read(() => logs(this.#context, call, page));
  }

  async backlog(): Promise<Backlog[]> {
    return this.#read(() => backlog(this.#context));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What removed calls have left goes on with the next purge.
    this.#closing = true;
    await this.#group.done();
    this.#database[Symbol.dispose]();
  }

  /** Also what others that were killed have left. */
  async #clean(): Promise<void> {
    while (!this.#closing && (await this.#group.run(() => sweep(this.#context))));
    while (!this.#closing && (await this.#group.run(() => shrink(this.#context))));
  }

  #read<Result>(work: () => Result): Result {
    try {
      return this.#database.reading(work);
    } catch (error) {
      throw asStoreError(error);
    }
  }
}
