import type { Logger } from 'pino';
import type { Gpu } from '../../core/device/gpus.ts';
import type { GpuNeed } from '../../shard/app/definition.ts';
import { changeScaling, type Scaling } from '../../shard/app/scaling.ts';
import type { Clock } from '../clock.ts';
import { ServerError } from '../errors.ts';
import { Backoff } from './backoff.ts';
import { Ration } from './gpu/ration.ts';
import type { Lease, Shelf } from './gpu/shelf.ts';
import type { Portion } from './portion.ts';
import { plan } from './scaler.ts';
import { Seat, type SeatSettings, type Took } from './seat.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Milliseconds after which a worker gives its GPU to those that wait for it, though it has work. */
const TURN_MS = 60_000;

export interface CrewOptions {
  readonly function: string;
  readonly settings: SeatSettings & Scaling;
  readonly clock: Clock;
  readonly log: Logger;
  /** What each worker has one of. Default: none. */
  readonly gpus?: { readonly shelf: Shelf; readonly request: GpuNeed } | undefined;
  /** Starts a worker; what it rejects with is why none could be. Aborted when none is wanted any more. */
  readonly start: (signal: AbortSignal, gpu?: Gpu) => Promise<WorkerProcess>;
  /** A worker came, has room, or was given up; `took` tells of what finished in it. */
  readonly onRoom: (took?: Took) => void;
  /** A worker is gone; what it left is to be run elsewhere. */
  readonly onGone: (left: readonly Portion[]) => void;
  /** Inputs for which there is too little memory here are run elsewhere. Default: they fail. */
  readonly onOutOfMemory?: (portion: Portion) => void;
  /** A worker could not be started, and there is none. */
  readonly onNone: (reason: unknown) => void;
}

/** The workers of one function: starts them, as many as are wanted and no sooner than it makes sense, and ends them. */
export class Crew implements AsyncDisposable {
  readonly #options: CrewOptions;
  readonly #seats = new Set<Seat>();
  readonly #starts = new Set<Promise<void>>();
  readonly #backoff = new Backoff();
  readonly #ration: Ration | undefined;
  readonly #leases = new Map<Seat, { readonly lease: Lease; readonly since: number }>();
  readonly #closed = new AbortController();
  #scaling: Scaling;
  #usedAt = -Infinity;
  #waiting = 0;
  #timer: Disposable | undefined;
  /** Of workers that died unasked. */
  crashes = 0;
  /** Of workers that were replaced for what they had used up. */
  recycled = 0;

  constructor(options: CrewOptions) {
    this.#options = options;
    const { minWorkers, maxWorkers, bufferWorkers, scaledownWindow } = options.settings;
    this.#scaling = { minWorkers, maxWorkers, bufferWorkers, scaledownWindow };
    const { gpus, onRoom } = options;
    if (gpus) this.#ration = new Ration({ ...gpus, onFree: onRoom, onWanted: () => this.#yield(() => false) });
  }

  get closed(): boolean {
    return this.#closed.signal.aborted;
  }

  get scaling(): Scaling {
    return this.#scaling;
  }

  /** Workers that take work. */
  get seats(): Seat[] {
    return [...this.#seats].filter(({ retired }) => !retired);
  }

  /** All processes that are ready, also those that finish what they have before they end. */
  get size(): number {
    return this.#seats.size;
  }

  get starting(): number {
    return this.#starts.size;
  }

  /** Inputs in workers. */
  get running(): number {
    return [...this.#seats].reduce((sum, { inputs }) => sum + inputs, 0);
  }

  /** Why there is no worker and will not be at once, and in how many milliseconds one may be started. */
  get absence(): { readonly reason: unknown; readonly failures: number; readonly wait: number } | undefined {
    const wait = this.#backoff.wait(this.#options.clock.now());
    if (this.#seats.size > 0 || wait <= 0) return undefined;
    return { reason: this.#backoff.reason, failures: this.#backoff.failures, wait };
  }

  /** Whether a worker could be started now. */
  get canGrow(): boolean {
    return (
      this.seats.length + this.#starts.size < this.#scaling.maxWorkers &&
      this.#backoff.wait(this.#options.clock.now()) <= 0 &&
      this.#ration?.available !== false
    );
  }

  /** Nobody waits for these portions any more. */
  abort(isOver: (portion: Portion) => boolean): void {
    for (const seat of this.#seats) seat.abort(isOver);
  }

  /** The outputs of these portions are not taken, or are again. */
  hold(isMeant: (portion: Portion) => boolean, full: boolean): void {
    for (const seat of this.#seats) seat.hold(isMeant, full);
  }

  /** Throws `OPTION_INVALID`. */
  scale(changes: Partial<Scaling>): void {
    this.#scaling = changeScaling(this.#scaling, changes);
    this.adjust(this.#waiting);
  }

  /** Resolves when the workers that are kept are there, or could not be started. */
  async warm(): Promise<void> {
    this.adjust(this.#waiting);
    await Promise.all(this.#starts);
  }

  /** Starts and ends workers, where `waiting` more could be kept busy. */
  adjust(waiting: number): void {
    this.#waiting = waiting;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (this.closed) return;
    this.#yield(() => false);
    const { clock } = this.#options;
    const now = clock.now();
    const { seats } = this;
    const idle = seats.filter(({ load }) => load === 0);
    if (waiting > 0 || idle.length < seats.length) this.#usedAt = now;
    const next = plan(this.#scaling, {
      now,
      busy: seats.length - idle.length,
      idle: idle.map(({ idleSince }) => idleSince),
      starting: this.#starts.size,
      waiting,
      usedAt: this.#usedAt,
    });
    for (const seat of idle.toSorted((one, other) => one.idleSince - other.idleSince).slice(0, next.end)) seat.retire();
    const wait = this.#backoff.wait(now);
    // After a failure the next is tried alone.
    const start = this.#backoff.failures > 0 ? Math.min(next.start, 1 - this.#starts.size) : next.start;
    if (start <= 0) this.#ration?.rest();
    if (wait <= 0) for (let count = 0; count < start && this.#start(); count++);
    const again = Math.min(next.again ?? Infinity, next.start > 0 && wait > 0 ? wait : Infinity);
    if (again < Infinity) this.#timer = clock.after(again, () => this.#options.onRoom());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    this.#timer?.[Symbol.dispose]();
    this.#ration?.rest();
    await Promise.all([...this.#starts, ...Array.from(this.#seats, (seat) => seat[Symbol.asyncDispose]())]);
  }

  /** Gives GPUs that others wait for back: of workers that are idle, or whose turn is over. */
  #yield(isOver: (since: number) => boolean): void {
    for (const [seat, { lease, since }] of this.#leases) {
      if (!seat.retired && (seat.load === 0 || isOver(since)) && lease.wanted) seat.retire();
    }
  }

  /** Starts a worker, unless it has to wait for a GPU. */
  #start(): boolean {
    const lease = this.#ration?.take();
    if (this.#ration && !lease) return false;
    const start: Promise<void> = this.#grow(lease).finally(() => {
      this.#starts.delete(start);
      this.#options.onRoom();
    });
    this.#starts.add(start);
    return true;
  }

  async #grow(lease: Lease | undefined): Promise<void> {
    const { start, clock, log, function: name, onNone } = this.#options;
    try {
      const worker = await start(this.#closed.signal, lease?.gpu);
      if (this.closed) return await worker[Symbol.asyncDispose]();
      this.#backoff.succeeded();
      this.#seat(worker, lease);
      const gpu = lease && { gpu: lease.gpu.name, index: lease.gpu.index };
      log.info({ function: name, worker: worker.pid, ...gpu, workers: this.#seats.size }, 'a worker started');
    } catch (error) {
      lease?.[Symbol.dispose]();
      if (this.closed) return;
      this.#backoff.failed(error, clock.now());
      const again = Math.ceil(this.#backoff.wait(clock.now()));
      log.error({ err: error, function: name, again }, 'a worker could not be started');
      // Those that run do what there is to do; without any, nothing does.
      if (this.#seats.size === 0) onNone(error);
    }
  }

  #seat(worker: WorkerProcess, lease: Lease | undefined): void {
    const { clock, log, function: name, settings, onRoom, onGone, onOutOfMemory } = this.#options;
    const seat: Seat = new Seat(worker, {
      function: name,
      settings,
      clock,
      log,
      ...(onOutOfMemory && { onOutOfMemory }),
      onRoom: (took) => {
        const now = clock.now();
        this.#yield((since) => now - since >= TURN_MS);
        onRoom(took);
      },
      onGone: (left, { how, asked, useless }) => {
        this.#seats.delete(seat);
        this.#leases.delete(seat);
        lease?.[Symbol.dispose]();
        if (!asked) this.crashes++;
        // One that ends without having done anything would be started again and again.
        if (useless) {
          const reason = new ServerError('WORKER_CRASHED', `The last one ended by itself (${how})`);
          this.#backoff.failed(reason, clock.now());
        }
        onGone(left);
      },
      onRecycle: () => {
        this.recycled++;
      },
    });
    this.#seats.add(seat);
    if (lease) this.#leases.set(seat, { lease, since: clock.now() });
  }
}
