import { Backlog } from './backlog.ts';
import { estimateBytes } from './bytes.ts';
import type { Answer, Inputs, Lane, Lanes } from './contract.ts';
import { InputError, ShardError } from './errors.ts';
import { Drain, type Spring } from './drain.ts';
import { Drought } from './drought.ts';
import { type Flight, Pending } from './flight.ts';
import { type Hedge, Hedging } from './hedging.ts';
import { Intake } from './intake.ts';
import { requireIterable } from './iterables.ts';
import { LaneSet } from './lane-set.ts';
import type { LaneState } from './lane-state.ts';
import { type PumpOptions, type PumpSettings, resolveOptions } from './options.ts';
import { Outputs } from './outputs.ts';
import { isSuspect } from './recovery.ts';
import { Rescue } from './rescue.ts';
import { retryDelay } from './retry.ts';
import { Source } from './source.ts';
import { Tally } from './tally.ts';
import type { Part, Task } from './task.ts';
import { Timers } from './timers.ts';
import type { RemoteError } from './wire/message.ts';

/**
 * Runs every input through one of the lanes, and yields one output for each: in order, or as they complete. Lanes may
 * come and go meanwhile: those that come are given work, those that go finish what they have.
 *
 * Reads inputs only as fast as outputs are taken. Sends again, elsewhere if it can, what a lost lane left unanswered.
 * Ends with an `InputError` on the first input that fails (unless `returnErrors`), with the source's error if reading
 * throws, with the signal's reason if it aborts, and with `LANES_EXHAUSTED` if no lane can be made to answer; and each
 * time, as when the consumer leaves early, cancels the rest on the lanes and closes the source.
 */
export function pump<I, O>(
  inputs: Inputs<I>,
  lanes: readonly Lane<I, O>[] | Lanes<I, O>,
  options: PumpOptions = {},
): AsyncGenerator<O | InputError, void, undefined> {
  const settings = resolveOptions(options);
  requireIterable(inputs, 'inputs');
  if ('length' in lanes && lanes.length === 0) {
    throw new ShardError('OPTION_INVALID', 'Expected at least one lane to send batches to, got none');
  }
  return new Drain(new Pump(inputs, lanes, settings));
}

class Pump<I, O> implements Spring<O | InputError> {
  readonly #settings: PumpSettings;
  readonly #lanes: LaneSet<I, O>;
  readonly #source: Source<I>;
  readonly #outputs: Outputs<O | InputError>;
  readonly #intake: Intake<I>;
  readonly #backlog: Backlog<I, O>;
  readonly #hedging: Hedging<I, O>;
  readonly #drought: Drought<I, O>;
  readonly #rescue: Rescue<I, O>;
  readonly #timers: Timers;
  readonly #tally = new Tally();
  readonly #flights = new Set<Flight<I, O>>();
  #batches = 0;
  /** The lane that takes nothing more until it is idle, because a suspect waits for it. */
  #reserved: LaneState<I, O> | undefined;
  #stopWatch: (() => void) | undefined;
  #stopWait: (() => void) | undefined;
  #closed = false;
  /** Lanes that are to hear that nothing more is wanted of them. */
  #stopped: ReadonlySet<LaneState<I, O>> = new Set();
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(inputs: Inputs<I>, lanes: readonly Lane<I, O>[] | Lanes<I, O>, settings: PumpSettings) {
    this.#settings = settings;
    this.#timers = new Timers(settings.clock);
    this.#lanes = new LaneSet(lanes, {
      targetMilliseconds: settings.batchMilliseconds,
      initialSize: settings.initialBatchSize,
      maxSize: settings.maxBatchSize,
    });
    this.#outputs = new Outputs(settings.ordered);
    this.#source = new Source(inputs, {
      clock: settings.clock,
      linger: settings.linger,
      onReady: () => this.#proceed(),
      onError: (error) => this.#fail(error),
    });
    this.#intake = new Intake(this.#source, this.#outputs, settings, this.#number);
    this.#backlog = new Backlog(this.#lanes);
    this.#hedging = new Hedging(settings.hedge);
    this.#drought = new Drought(this.#lanes, settings.laneRetries);
    this.#rescue = new Rescue({
      settings,
      lanes: this.#lanes,
      drought: this.#drought,
      backlog: this.#backlog,
      timers: this.#timers,
      tally: this.#tally,
      number: this.#number,
      failed: (lane, task, error) => this.#failed(lane, task, error),
      end: (error) => this.#fail(error),
      proceed: () => this.#proceed(),
    });
  }

  open(): void {
    const { signal } = this.#settings;
    signal?.throwIfAborted();
    signal?.addEventListener('abort', this.#aborted, { once: true });
    this.#lanes.open(() => this.#lanesChanged());
    this.#lanesChanged();
  }

  get ready(): boolean {
    return this.#outputs.ready && !this.#failure && !this.#intake.resumable;
  }

  take(): O | InputError {
    return this.#outputs.take();
  }

  async more(): Promise<boolean> {
    if (this.#failure) throw this.#failure.error;
    if (this.#intake.resumable) this.#schedule();
    else if (this.#intake.finished) return false;
    else await this.#change();
    return true;
  }

  /** Waits until there may be something to take. */
  async #change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }

  #wakeUp(): void {
    this.#wake?.();
  }

  #proceed(): void {
    if (this.#closed) return;
    this.#schedule();
    this.#wakeUp();
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#failure = { error };
    // At once, not when the consumer next asks: the lanes are working for nothing.
    this.#stop(error);
    this.#wakeUp();
  }

  #stop(reason: unknown): void {
    // Those that left count too, while they have batches, and by the end of the map they may have none.
    this.#stopped = new Set([...this.#lanes.all, ...this.#lanes.working]);
    for (const flight of this.#flights) flight.stop(reason);
  }

  get #over(): boolean {
    return this.#closed || this.#failure !== undefined;
  }

  readonly #aborted = (): void => this.#fail(this.#settings.signal?.reason);

  readonly #number = (): number => this.#batches++;

  #lanesChanged(): void {
    this.#proceed();
    // With nobody to send it to, whether there is any input is found out ahead.
    if (this.#lanes.all.length === 0) this.#source.peek();
  }

  #waitForLanes(): void {
    if (this.#lanes.fit.length > 0 || this.#flights.size > 0) {
      this.#stopWait?.();
      this.#stopWait = undefined;
      return;
    }
    this.#stopWait ??= this.#timers.after(this.#settings.patience, () => {
      this.#fail(new ShardError('LANES_EXHAUSTED', 'No node is left to run what remains of the map; add one'));
    });
  }

  /** Gives work to lanes until none is free or nothing is left to give. */
  #schedule(): void {
    this.#intake.reset();
    while (!this.#over && this.#sendOne());
    if (this.#over) return;
    this.#watch();
    this.#waitForLanes();
  }

  #sendOne(): boolean {
    const now = this.#settings.clock.now();
    this.#reserved = undefined;
    for (const state of this.#lanes.free(now)) {
      const task = this.#taskFor(state);
      if (!task) continue;
      this.#send(new Pending(task).sendTo(state, { now, alone: isSuspect(task) }));
      return true;
    }
    return false;
  }

  /** What the idlest lane must not take (it failed on it before, or it is another's) another may. */
  #taskFor(state: LaneState<I, O>): Task<I> | undefined {
    const waiting = this.#backlog.find(state, this.#reserved === undefined);
    if (waiting && isSuspect(waiting) && state.inFlight > 0) {
      this.#reserved = state;
      return undefined;
    }
    if (waiting) {
      this.#backlog.remove(waiting);
      return waiting;
    }
    for (;;) {
      const task = this.#intake.cut(state.size, this.#lanes.capacity);
      const home = task?.home;
      if (!task || home === undefined || home === state.lane.name || !this.#lanes.isWell(home)) return task;
      // Another lane's: it waits for that one, and what follows may be this one's.
      this.#backlog.push(task);
    }
  }

  /** Sets a timer for the moment when a batch is late and may be sent to a lane that is idle. */
  #watch(): void {
    this.#stopWatch?.();
    this.#stopWatch = undefined;
    const late = this.#late();
    if (!late) return;
    this.#stopWatch = this.#timers.after(late.at - this.#settings.clock.now(), () => {
      // If this program itself was busy, the answer may have come and wait to be read.
      this.#stopWatch = this.#timers.after(0, () => this.#hedge());
    });
  }

  #late(): Hedge<I, O> | undefined {
    if (this.#flights.size === 0) return undefined;
    const idle = this.#lanes.free(this.#settings.clock.now()).filter((state) => state !== this.#reserved);
    return this.#hedging.next(this.#flights, idle);
  }

  #hedge(): void {
    const now = this.#settings.clock.now();
    const hedge = this.#late();
    // Timers may fire a little early.
    if (hedge && hedge.at < now + 1) {
      const { pending } = hedge.late;
      this.#hedging.hedged();
      this.#tally.hedged += pending.left;
      this.#send(pending.sendTo(hedge.lane, { now, hedge: true }));
    }
    this.#watch();
  }

  #send(flight: Flight<I, O>): void {
    this.#fly(flight).catch((error: unknown) => this.#fail(error));
  }

  async #fly(flight: Flight<I, O>): Promise<void> {
    const { lane: state, pending, alone } = flight;
    this.#flights.add(flight);
    state.inFlight++;
    if (alone) state.alone = true;
    try {
      await this.#listen(flight);
    } finally {
      this.#flights.delete(flight);
      pending.flights.delete(flight);
      state.inFlight--;
      if (alone) state.alone = false;
    }
    if (this.#over) return;
    const failed = pending.takeFailed();
    if (failed.inputs.length > 0) this.#retryLater(pending.task, failed);
    this.#report();
    this.#proceed();
  }

  async #listen(flight: Flight<I, O>): Promise<void> {
    const { lane: state, pending, batch, signal } = flight;
    let well = state.healthy;
    try {
      // That a lane is up says nothing of what it could not make ready.
      if (!well && !state.unready && pending.task.losses > 0 && state.lane.check) {
        await state.lane.check(signal);
        if (this.#over || flight.stopped) return;
        state.answered();
        this.#drought.alive();
        well = true;
      }
      this.#hedging.sent();
      for await (const answer of state.lane.send(batch, signal)) {
        if (this.#over || flight.stopped) return;
        this.#accept(flight, answer);
      }
      if (this.#over || flight.stopped) return;
      if (flight.unheard > 0) throw faulty(state.lane.name, `ended a batch without ${flight.unheard} of its outputs`);
      state.finished(batch.inputs.length, flight.sentAt, this.#settings.clock.now());
    } catch (error) {
      if (this.#over || flight.stopped) return;
      this.#rescue.broken(flight, error, well);
    }
  }

  #accept(flight: Flight<I, O>, answer: Answer<O>): void {
    const { lane: state, pending } = flight;
    const { task } = pending;
    state.answered();
    this.#drought.answered(this.#settings.clock.now());
    if ('error' in answer) {
      const place = this.#placeOf(flight, answer.index);
      if (pending.settle(place)) {
        if (this.#mayRetry(task, answer.error)) pending.failed(place);
        else this.#giveUp(state, task, place, answer.error);
      }
    } else {
      const { first, outputs } = answer;
      for (let offset = 0; offset < outputs.length; offset++) {
        const place = this.#placeOf(flight, first + offset);
        if (!pending.settle(place)) continue;
        this.#put(task.indices[place]!, outputs[offset]!);
        this.#tally.done++;
      }
    }
    if (pending.left === 0) this.#stopOthers(flight);
    this.#report();
    this.#wakeUp();
  }

  #placeOf(flight: Flight<I, O>, local: number): number {
    const place = flight.hear(local);
    if (place !== undefined) return place;
    throw faulty(flight.lane.lane.name, `answered input ${local} of a batch twice, or without being asked`);
  }

  #put(index: number, value: O | InputError): void {
    this.#outputs.put(index, value, estimateBytes(value));
  }

  /** All inputs are answered: whoever else still runs them need not, nor the last what others have answered. */
  #stopOthers(first: Flight<I, O>): void {
    if (first.unheard > 0) first.stop(undefined);
    for (const other of first.pending.flights as Set<Flight<I, O>>) {
      if (other === first || other.stopped) continue;
      other.lane.overtaken(other.batch.inputs.length, other.sentAt, this.#settings.clock.now());
      other.stop(undefined);
    }
  }

  #mayRetry({ failures }: Task<I>, { code }: RemoteError): boolean {
    return !FINAL.has(code) && failures < this.#settings.retries.maxRetries;
  }

  /** The function failed on the only input of a task. */
  #failed(state: LaneState<I, O>, task: Task<I>, error: RemoteError): void {
    if (this.#mayRetry(task, error)) this.#retryLater(task, task);
    else this.#giveUp(state, task, 0, error);
  }

  /** The function failed for good on one input. */
  #giveUp(state: LaneState<I, O>, task: Task<I>, place: number, remote: RemoteError): void {
    const index = task.indices[place]!;
    const input = task.inputs[place];
    const { losses, failures } = task;
    const error = new InputError({ index, input, attempts: failures + 1, losses, node: state.lane.name, remote });
    this.#tally.failed++;
    if (this.#settings.returnErrors) this.#put(index, error);
    else this.#fail(error);
  }

  /** Sends inputs on which the function failed again, when the retry policy allows. */
  #retryLater(task: Task<I>, part: Part<I>): void {
    const { retries, random } = this.#settings;
    const failures = task.failures + 1;
    const again = {
      ...task,
      ...part,
      number: this.#number(),
      attempt: 0,
      failures,
      suspicion: 0,
      busySince: undefined,
    };
    this.#tally.retried += part.inputs.length;
    this.#timers.after(retryDelay(retries, failures, random), () => {
      this.#backlog.push(again);
      this.#proceed();
    });
  }

  #report(): void {
    if (!this.#settings.onProgress) return;
    this.#settings.onProgress(this.#tally.read(this.#lanes.working.map(({ lane }) => lane.name)));
  }

  async close(complete: boolean): Promise<void> {
    this.#settings.signal?.removeEventListener('abort', this.#aborted);
    this.#closed = true;
    this.#timers.clear();
    this.#lanes.close();
    if (!complete && !this.#failure) this.#stop(undefined);
    const cancelled = Array.from(this.#stopped, async ({ lane }) => lane.cancel?.());
    try {
      await this.#source.close();
    } catch (error) {
      // The consumer hears of the first thing that went wrong.
      if (!this.#failure) throw error;
    } finally {
      await Promise.allSettled(cancelled);
      this.#settings.onEnd?.();
    }
  }
}

/** What is wrong with the input itself stays wrong, and what brought nodes down has had its tries. */
const FINAL: ReadonlySet<string> = new Set(['INPUT_INVALID', 'INPUT_LOST']);

function faulty(name: string, what: string): ShardError {
  return new ShardError('LANE_FAULTY', `${name} ${what}`);
}
