import type { Logger } from 'pino';
import { CoreError } from '../../core/errors.ts';
import type { RoutedOutcome } from '../../core/functions/routed.ts';
import type { HostedWorkers } from '../../core/functions/workers.ts';
import type { Clock } from '../clock.ts';
import type { Scaling } from '../../shard/app/scaling.ts';
import type { FunctionStats } from '../../shard/app/stats.ts';
import { Crew, type CrewOptions } from './crew.ts';
import { type Portion, portionOf } from './portion.ts';
import type { Seat, SeatSettings, Took } from './seat.ts';
import { cut, SLICE_MS, sliceSize } from './slices.ts';
import { Task, type TaskOptions } from './task.ts';

/** Milliseconds below which a portion is so quick that another should wait for its worker beside it. */
const QUICK_MS = 100;
/** Portions in a worker that go on, the ones that wait for it included. */
const MAX_LOAD = 2;
/** Portions in a worker, also those whose outputs are not taken. */
const MAX_HERE = 8;
/** Share of the newest measurement in the pace. */
const NEWEST = 0.3;

export interface PoolOptions {
  /** That, or the class, whose workers these are. */
  readonly function: string;
  readonly settings: SeatSettings & Scaling & { readonly concurrency: number };
  readonly clock: Clock;
  readonly log: Logger;
  readonly start: CrewOptions['start'];
  readonly gpus?: CrewOptions['gpus'];
  /** Where inputs are run for which there is too little memory here. */
  readonly next?: Pool | undefined;
  /** Why this node can't have such workers at all. */
  readonly refusal?: CoreError | undefined;
}

/** What waits for the workers of one function, and who gets it. */
export class Pool implements AsyncDisposable, HostedWorkers {
  readonly #options: PoolOptions;
  readonly #crew: Crew;
  #queue: Portion[] = [];
  /** Milliseconds of a worker for each input, by function: those of a class share it. */
  readonly #paces = new Map<string, number>();
  #failures = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#crew = new Crew({
      ...options,
      onRoom: (took) => {
        if (took) this.#measure(took);
        this.#dispatch();
      },
      onGone: (left) => {
        this.#queue.unshift(...left);
        this.#dispatch();
      },
      onNone: (reason) => this.#fail(unavailable(options.function, reason)),
      ...(options.next && { onOutOfMemory: (portion) => options.next!.#take(portion) }),
    });
  }

  get stats(): FunctionStats {
    const { size, starting, running, crashes, recycled } = this.#crew;
    const waiting = this.#queue.reduce((sum, { positions }) => sum + positions.length, 0);
    const own = { workers: size, starting, running, waiting, failures: this.#failures, crashes, recycled };
    return this.#options.next ? sum(own, this.#options.next.stats) : own;
  }

  get scaling(): Scaling {
    return this.#crew.scaling;
  }

  get capacity(): number {
    const { concurrency, maxBatchSize = 1 } = this.#options.settings;
    return this.scaling.maxWorkers * concurrency * maxBatchSize;
  }

  /** Takes effect at once; work that runs goes on. Throws `OPTION_INVALID`. */
  scale(changes: Partial<Scaling>): void {
    this.#crew.scale(changes);
    const { maxWorkers, scaledownWindow } = this.scaling;
    this.#options.next?.scale({ maxWorkers, scaledownWindow });
    this.#dispatch();
  }

  /** Resolves when the workers that are kept are there, or could not be started. */
  warm(): Promise<void> {
    return this.#crew.warm();
  }

  /** Throws the signal's reason, or `WORKER_UNAVAILABLE` if no worker can be started or the pool was closed. */
  async *run(options: TaskOptions): AsyncGenerator<RoutedOutcome, void, undefined> {
    const { signal } = options;
    signal.throwIfAborted();
    if (this.#crew.closed) {
      throw closed();
    }
    if (this.#options.refusal) throw this.#options.refusal;
    const { absence } = this.#crew;
    if (absence) throw unavailable(this.#options.function, absence.reason, absence);
    const task: Task = new Task(options, (full) => this.#hold(task, full));
    if (task.count === 0) return;
    const onAbort = (): void => this.#leave(task, signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#take(portionOf(task));
    try {
      for await (const outcome of task.outcomes()) {
        if (outcome.kind === 'failure') this.#failures++;
        yield outcome;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#leave(task, new CoreError('DISPOSED', 'Nobody waits for this batch any more'));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#crew[Symbol.asyncDispose](), this.#options.next?.[Symbol.asyncDispose]()]);
    // Also what the workers have left.
    this.#fail(closed());
  }

  /** Nobody waits for what is left of a task. */
  #leave(task: Task, reason: unknown): void {
    task.reject(reason);
    this.#drop(task);
  }

  #take(portion: Portion): void {
    // Another may be closing still, and have found too little memory.
    if (this.#crew.closed) return portion.task.reject(closed());
    this.#queue.push(portion);
    this.#dispatch();
  }

  #drop(task: Task): void {
    this.#queue = this.#queue.filter((portion) => portion.task !== task);
    this.#crew.abort((portion) => portion.task === task);
    this.#dispatch();
    if (this.#options.next) this.#options.next.#drop(task);
  }

  /** The outputs of a task are not taken, or are again. */
  #hold(task: Task, full: boolean): void {
    this.#crew.hold((portion) => portion.task === task, full);
    // Either way another may go on: the task itself, or who waited behind it.
    this.#dispatch();
    if (this.#options.next) this.#options.next.#hold(task, full);
  }

  #dispatch(): void {
    while (!this.#crew.closed) {
      // What others have yet to take makes room before more is made of it.
      const next = this.#queue.findIndex(({ task }) => !task.full);
      const portion = this.#queue[next];
      const seat = portion && this.#seatFor(portion);
      if (!seat) break;
      const [slice, rest] = cut(portion, Math.min(this.#size(portion), seat.room));
      this.#queue.splice(next, 1, ...(rest ? [rest] : []));
      seat.run(slice);
    }
    this.#crew.adjust(this.#backlog());
  }

  /** A worker that is free, the one that was last busy first, so that the others may end; or one that will soon be. */
  #seatFor(portion: Portion): Seat | undefined {
    const open = this.#crew.seats.filter((seat) => seat.shared && seat.load < MAX_HERE);
    // What is held up by its client keeps nobody else waiting.
    const free = open
      .filter((seat) => (portion.alone ? seat.load : seat.active) === 0)
      .toSorted((one, other) => other.idleSince - one.idleSince);
    if (free.length > 0 || portion.alone) return free[0];
    const { concurrency, maxBatchSize = 1 } = this.#options.settings;
    // One that can run more at once than it has.
    const roomy = open.find((seat) => seat.inputs < concurrency * maxBatchSize);
    if (roomy || !this.#isQuick(portion)) return roomy;
    // The others are as busy, and there will be no more of them.
    if (this.#crew.starting > 0 || (this.#backlog() > 0 && this.#crew.canGrow)) return undefined;
    return open.find((seat) => seat.active < MAX_LOAD);
  }

  #isQuick(portion: Portion): boolean {
    const pace = this.#paceOf(portion);
    return pace !== undefined && pace * this.#size(portion) <= QUICK_MS;
  }

  /** How much of a portion a worker gets. What is watched stays together: it is halved by what becomes of it. */
  #size(portion: Portion): number {
    const { alone, positions } = portion;
    const { concurrency, maxBatchSize = 1 } = this.#options.settings;
    const { scaling, seats } = this.#crew;
    if (alone || scaling.maxWorkers === 1) return positions.length;
    const idle = seats.filter(({ load }) => load === 0).length;
    return sliceSize(positions.length, { pace: this.#paceOf(portion), idle, unit: concurrency * maxBatchSize });
  }

  /** How many workers what waits could keep busy. */
  #backlog(): number {
    const ready = this.#queue.filter(({ task }) => !task.full);
    if (ready.length === 0) return 0;
    const slices = ready.map((portion) => {
      const pace = this.#paceOf(portion);
      return portion.alone || pace === undefined ? 1 : (portion.positions.length * pace) / SLICE_MS;
    });
    const wanted = Math.round(slices.reduce((sum, each) => sum + each, 0));
    return this.#crew.seats.length + this.#crew.starting === 0 ? Math.max(1, wanted) : wanted;
  }

  #measure({ task, milliseconds, inputs }: Took): void {
    // It was its consumer that took so long.
    if (task.full) return;
    const { function: name } = task.options;
    const pace = milliseconds / inputs;
    const before = this.#paces.get(name) ?? pace;
    this.#paces.set(name, before + NEWEST * (pace - before));
  }

  #paceOf({ task }: Portion): number | undefined {
    return this.#paces.get(task.options.function);
  }

  /** Ends all that waits. */
  #fail(reason: CoreError): void {
    for (const { task } of this.#queue.splice(0)) task.reject(reason);
    this.#crew.adjust(0);
  }
}

function closed(): CoreError {
  return new CoreError('WORKER_UNAVAILABLE', 'The node has closed the workers of this function');
}

function sum(one: FunctionStats, other: FunctionStats): FunctionStats {
  const names = Object.keys(one) as (keyof FunctionStats)[];
  return Object.fromEntries(names.map((name) => [name, one[name] + other[name]])) as unknown as FunctionStats;
}

/** Why no worker runs this, and when that may change. */
function unavailable(
  name: string,
  reason: unknown,
  absence?: { readonly failures: number; readonly wait: number },
): CoreError {
  const why = reason instanceof Error ? reason.message : String(reason);
  const when = absence
    ? ` (${absence.failures} times in a row; the next try is in ${Math.ceil(absence.wait / 1000)} s)`
    : '';
  return new CoreError('WORKER_UNAVAILABLE', `No worker of ${name} could be started${when}: ${why}`, { cause: reason });
}
