import { setImmediate as breathe } from 'node:timers/promises';
import type { Database } from '../../sqlite/database.ts';
import { ServerError } from '../../errors.ts';
import { asStoreError } from './failure.ts';

interface Request {
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** Requests of one transaction at most, so that other processes get their turn. */
const AT_ONCE = 512;

/**
 * Writes in transactions that are shared: what is asked for while one is written goes into the next, so that the disk is
 * waited for once for all of them.
 */
export class Group {
  readonly #database: Database;
  #waiting: Request[] = [];

  constructor(database: Database) {
    this.#database = database;
  }

  /** Resolves when what `work` has written is durable. If it throws, nothing of it is written. */
  run<Result>(work: () => Result): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    // A thread that was busy finds many messages; it takes all of them before it comes to this.
    if (this.#waiting.length === 0) setImmediate(() => this.#write());
    this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
    return promise;
  }

  /** Resolves when all is written that was asked for. */
  async done(): Promise<void> {
    while (this.#waiting.length > 0) await breathe();
  }

  #write(): void {
    const requests = this.#waiting.slice(0, AT_ONCE);
    this.#waiting = this.#waiting.slice(AT_ONCE);
    if (this.#waiting.length > 0) setImmediate(() => this.#write());
    if (requests.length > 1 && this.#together(requests)) return;
    for (const request of requests) this.#alone(request);
  }

  /** False if nothing could be written, because of one of them: then each is to be tried by itself. */
  #together(requests: readonly Request[]): boolean {
    const settle: (() => void)[] = [];
    let begun = false;
    try {
      this.#database.transaction(() => {
        begun = true;
        for (const { work, resolve, reject } of requests) {
          const before = this.#database.changes();
          try {
            const result = work();
            settle.push(() => resolve(result));
          } catch (error) {
            // One that is refused before it has written anything does not concern the others.
            if (!(error instanceof ServerError) || this.#database.changes() !== before) throw error;
            settle.push(() => reject(error));
          }
        }
      });
    } catch (error) {
      if (begun) return false;
      // Another process has the file: it would be waited for by each.
      for (const { reject } of requests) reject(asStoreError(error));
      return true;
    }
    for (const each of settle) each();
    return true;
  }

  #alone({ work, resolve, reject }: Request): void {
    try {
      resolve(this.#database.transaction(work));
    } catch (error) {
      reject(asStoreError(error));
    }
  }
}
