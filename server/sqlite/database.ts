import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

const BUSY_MS = 10_000;

const MEMORY = ':memory:';

export interface DatabaseOptions {
  /** `full`: a commit outlives a crash of the machine. `normal`: the last ones may be as if they had not been made. */
  readonly synchronous: 'full' | 'normal';
  /** Milliseconds that another process may hold the file. Default: 10,000. */
  readonly busyMs?: number | undefined;
}

/** An SQLite file that several processes may have open: statements that are prepared once, and transactions. */
export class Database implements Disposable {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Makes the file if there is none, for its owner's eyes only. A process that is killed loses no commit. */
  constructor(path: string, { synchronous, busyMs = BUSY_MS }: DatabaseOptions) {
    // Wherever the file is; those that SQLite puts beside it have its rights.
    if (path !== MEMORY) closeSync(openSync(path, 'a', 0o600));
    this.#database = new DatabaseSync(path, { timeout: busyMs });
    try {
      // Before there are tables, or it has no effect.
      this.exec('PRAGMA auto_vacuum = INCREMENTAL');
      this.exec('PRAGMA journal_mode = WAL');
      this.exec(`PRAGMA synchronous = ${synchronous}`);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Prepared when it is first asked for. */
  statement(sql: string): StatementSync {
    let found = this.#statements.get(sql);
    if (!found) this.#statements.set(sql, (found = this.#database.prepare(sql)));
    return found;
  }

  /** How many rows it has changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.statement(sql).run(...values).changes);
  }

  /** The first row, whose columns are what the caller says that they are. */
  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.statement(sql).get(...values) as Row | undefined;
  }

  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.statement(sql).all(...values) as Row[];
  }

  /** Rows one by one, for who may stop before the last. */
  each<Row>(sql: string, ...values: SQLInputValue[]): Iterable<Row> {
    return this.statement(sql).iterate(...values) as Iterable<Row>;
  }

  /** Rows that were changed since it was opened. */
  changes(): number {
    return this.get<{ changes: number }>('SELECT total_changes() AS changes')!.changes;
  }

  /** All of what `work` writes, or nothing of it. */
  transaction<Result>(work: () => Result): Result {
    return this.#within('BEGIN IMMEDIATE', work);
  }

  /** What `work` reads is of one moment. */
  reading<Result>(work: () => Result): Result {
    return this.#within('BEGIN', work);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #within<Result>(begin: string, work: () => Result): Result {
    this.statement(begin).run();
    try {
      const result = work();
      this.statement('COMMIT').run();
      return result;
    } catch (error) {
      // SQLite has ended it by itself where the disk is full or failed.
      if (this.#database.isTransaction) this.statement('ROLLBACK').run();
      throw error;
    }
  }
}
