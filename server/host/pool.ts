import type { Logger } from 'pino';
import { CoreError } from '../../core/errors.ts';
import type { Outputs } from '../../core/functions/contract.ts';
import type { SettledOptions } from '../../shard/app/definition.ts';
import type { Clock } from '../clock.ts';
import { type Portion, portionOf } from './portion.ts';
import { Seat } from './seat.ts';
import { Task, type TaskOptions } from './task.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Milliseconds below which a portion is so quick that another should wait for its worker beside it. */
const QUICK_MS = 100;
/** Portions in a worker, the ones that wait included. */
const MAX_LOAD = 2;

export interface PoolOptions {
  readonly function: string;
  readonly settings: Pick<SettledOptions, 'timeout' | 'maxWorkers'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly start: () => Promise<WorkerProcess>;
}

/** The workers of one function: none until there is work, then as many as the backlog wants and the function allows. */
export class Pool implements AsyncDisposable {
  readonly #options: PoolOptions;
  readonly #seats = new Set<Seat>();
  #queue: Portion[] = [];
  #starting = 0;
  #milliseconds = Infinity;
  /** How many workers there can be: fewer than the function allows once one could not be started. */
  #ceiling: number;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#ceiling = options.settings.maxWorkers;
  }

  /** Processes, those that start included. */
  get workers(): number {
    return this.#seats.size + this.#starting;
  }

  /** Rejects with the signal's reason, or `WORKER_UNAVAILABLE` if no worker can be started or the pool was closed. */
  async run(options: TaskOptions): Promise<Outputs> {
    const { signal } = options;
    signal.throwIfAborted();
    if (this.#closed) throw new CoreError('WORKER_UNAVAILABLE', 'The node has closed the workers of this function');
    const task = new Task(options);
    const onAbort = (): void => {
      task.reject(signal.reason);
      this.#queue = this.#queue.filter((portion) => portion.task !== task);
      for (const seat of this.#seats) seat.abort((portion) => portion.task === task);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#queue.push(portionOf(task));
    this.#dispatch();
    try {
      return await task.outputs;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all(Array.from(this.#seats, (seat) => seat[Symbol.asyncDispose]()));
    // Also what the workers have left.
    this.#fail(new CoreError('WORKER_UNAVAILABLE', 'The node closed the workers of this function'));
  }

  #dispatch(): void {
    while (this.#queue.length > 0 && !this.#closed) {
      const portion = this.#queue[0]!;
      const seat = this.#seatFor(portion);
      if (!seat) {
        if (this.workers < this.#ceiling && this.#starting < this.#queue.length) void this.#grow();
        return;
      }
      this.#queue.shift();
      seat.run(portion);
    }
  }

  /** A worker that is free; or, once there can be no more of them, one that will soon be. */
  #seatFor({ alone }: Portion): Seat | undefined {
    const open = this.#seats
      .values()
      .filter((seat) => seat.shared)
      .toArray();
    const free = open.find((seat) => seat.load === 0);
    if (free || alone || this.#milliseconds > QUICK_MS) return free;
    if (this.#starting > 0 || this.workers < this.#ceiling) return undefined;
    return open.find((seat) => seat.load < MAX_LOAD);
  }

  async #grow(): Promise<void> {
    this.#starting++;
    const { start, settings, clock, log, function: name } = this.#options;
    try {
      const worker = await start();
      if (this.#closed) return await worker[Symbol.asyncDispose]();
      log.info({ function: name, worker: worker.pid, workers: this.workers }, 'a worker started');
      const seat: Seat = new Seat(worker, {
        function: name,
        timeout: settings.timeout,
        clock,
        log,
        onRoom: (_, milliseconds) => {
          this.#milliseconds = milliseconds;
          this.#dispatch();
        },
        onGone: (gone, left) => {
          this.#seats.delete(gone);
          this.#ceiling = settings.maxWorkers;
          this.#queue.unshift(...left);
          this.#dispatch();
        },
      });
      this.#seats.add(seat);
    } catch (error) {
      log.error({ err: error, function: name }, 'a worker could not be started');
      // Those that run do what there is to do; without any, nothing does.
      this.#ceiling = Math.max(1, this.#seats.size);
      if (this.#seats.size > 0) return;
      const message = `No worker of the app could be started: ${error instanceof Error ? error.message : String(error)}`;
      this.#fail(new CoreError('WORKER_UNAVAILABLE', message, { cause: error }));
    } finally {
      this.#starting--;
      this.#dispatch();
    }
  }

  /** Ends all that waits. */
  #fail(reason: CoreError): void {
    for (const { task } of this.#queue.splice(0)) task.reject(reason);
  }
}
