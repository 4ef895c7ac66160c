import { estimateBytes } from './bytes.ts';
import type { Answer, Inputs, Lane } from './contract.ts';
import { BatchError, InputError, ShardError } from './errors.ts';
import { requireIterable } from './iterables.ts';
import { LaneState } from './lane-state.ts';
import { type PumpOptions, type PumpSettings, resolveOptions } from './options.ts';
import { AsCompleted, InOrder, type Reassembler } from './reassemble.ts';
import { retryDelay } from './retry.ts';
import { Source } from './source.ts';
import { type Task, Unanswered } from './task.ts';
import type { RemoteError } from './wire/message.ts';

/**
 * Runs every input through one of the lanes, and yields one output for each: in order, or as they complete.
 *
 * Reads inputs only as fast as outputs are taken. Sends again, elsewhere if it can, what a lost lane left unanswered.
 * Ends with an `InputError` on the first input that fails (unless `returnErrors`), with the source's error if reading
 * throws, with the signal's reason if it aborts, and with `LANES_EXHAUSTED` if no lane can be made to answer; and each
 * time, as when the consumer leaves early, cancels the rest on the lanes and closes the source.
 */
export function pump<I, O>(
  inputs: Inputs<I>,
  lanes: readonly Lane<I, O>[],
  options: PumpOptions = {},
): AsyncGenerator<O | InputError, void, undefined> {
  const settings = resolveOptions(options);
  requireIterable(inputs, 'inputs');
  if (lanes.length === 0) {
    throw new ShardError('OPTION_INVALID', 'Expected at least one lane to send batches to, got none');
  }
  return new Pump(inputs, lanes, settings).run();
}

interface Held<O> {
  readonly value: O | InputError;
  readonly bytes: number;
}

class Pump<I, O> {
  readonly #settings: PumpSettings;
  readonly #lanes: readonly LaneState<I, O>[];
  readonly #source: Source<I>;
  readonly #output: Reassembler<Held<O>>;
  readonly #abort = new AbortController();
  readonly #timers = new Set<() => void>();
  /** Tasks to be sent before any new input is read. */
  #again: Task<I>[] = [];
  #batches = 0;
  /** Inputs taken from the source, and outputs taken by the consumer. */
  #taken = 0;
  #yielded = 0;
  #heldBytes = 0;
  #done = 0;
  #failed = 0;
  #retried = 0;
  #lastAnswer = -Infinity;
  #stalled = false;
  #closed = false;
  #failure: { readonly error: unknown } | undefined;
  #changed = false;
  #wake: (() => void) | undefined;

  constructor(inputs: Inputs<I>, lanes: readonly Lane<I, O>[], settings: PumpSettings) {
    this.#settings = settings;
    this.#lanes = lanes.map(
      (lane) =>
        new LaneState(lane, {
          targetMilliseconds: settings.batchMilliseconds,
          initialSize: settings.initialBatchSize,
          maxSize: settings.maxBatchSize,
        }),
    );
    this.#output = settings.ordered ? new InOrder() : new AsCompleted();
    this.#source = new Source(inputs, {
      clock: settings.clock,
      linger: settings.linger,
      onReady: () => this.#proceed(),
      onError: (error) => this.#fail(error),
    });
  }

  async *run(): AsyncGenerator<O | InputError, void, undefined> {
    const { signal } = this.#settings;
    const onAbort = (): void => this.#fail(signal?.reason);
    let complete = false;
    try {
      signal?.throwIfAborted();
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#schedule();
      for (;;) {
        this.#changed = false;
        for (const held of this.#output.take()) {
          if (this.#failure) throw this.#failure.error;
          this.#yielded++;
          this.#heldBytes -= held.bytes;
          yield held.value;
          if (this.#stalled) this.#schedule();
        }
        if (this.#failure) throw this.#failure.error;
        if (this.#source.exhausted && this.#yielded === this.#taken) break;
        await this.#change();
      }
      complete = true;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      await this.#close(complete);
    }
  }

  /** Waits until there may be something to yield that was not there when `#changed` was last false. */
  async #change(): Promise<void> {
    if (this.#changed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }

  #wakeUp(): void {
    this.#changed = true;
    this.#wake?.();
  }

  #proceed(): void {
    if (this.#closed) return;
    this.#schedule();
    this.#wakeUp();
  }

  #fail(error: unknown): void {
    if (this.#closed || this.#failure) return;
    this.#failure = { error };
    // At once, not when the consumer next asks: the lanes are working for nothing.
    this.#abort.abort(error);
    this.#wakeUp();
  }

  /** Gives work to lanes until none is free or nothing is left to give. */
  #schedule(): void {
    this.#stalled = false;
    while (!this.#over && this.#sendOne());
  }

  #sendOne(): boolean {
    const now = this.#settings.clock.now();
    const free = this.#lanes.filter((state) => state.free(now)).toSorted((a, b) => load(a) - load(b));
    // What the idlest lane must not take (it failed on it before) another may.
    for (const state of free) {
      const task = this.#repeated(state) ?? this.#fresh(state);
      if (!task) continue;
      this.#send(state, task).catch((error: unknown) => this.#fail(error));
      return true;
    }
    return false;
  }

  get #over(): boolean {
    return this.#closed || this.#failure !== undefined;
  }

  #repeated(lane: LaneState<I, O>): Task<I> | undefined {
    const { name } = lane.lane;
    const better = this.#lanes.some((other) => other !== lane && other.healthy);
    const position = this.#again.findIndex(
      (task) => (task.avoid !== name || !better) && (task.home === name || !this.#well(task.home)),
    );
    return position < 0 ? undefined : this.#again.splice(position, 1)[0];
  }

  /** Whether there is a lane of that name that has not failed of late. */
  #well(name: string | undefined): boolean {
    return name !== undefined && this.#lanes.some((state) => state.lane.name === name && state.healthy);
  }

  #fresh(lane: LaneState<I, O>): Task<I> | undefined {
    for (;;) {
      const task = this.#cut(lane);
      if (!task || task.home === undefined || task.home === lane.lane.name || !this.#well(task.home)) return task;
      // Another lane's: it waits for that one, and what follows may be this one's.
      this.#again.push(task);
    }
  }

  /** Inputs from `first` on that may be in one batch, and the lane that they belong to. */
  #range(first: number, most: number): { readonly home?: string; readonly count: number } {
    const { homeOf } = this.#settings;
    const home = homeOf?.(first);
    if (home) return { home: home.lane, count: Math.max(1, Math.min(most, home.end - first)) };
    let count = homeOf ? 1 : most;
    while (count < most && homeOf?.(first + count) === undefined) count++;
    return { count };
  }

  #cut(lane: LaneState<I, O>): Task<I> | undefined {
    const { maxBatchBytes, windowBytes } = this.#settings;
    if (this.#source.exhausted) return undefined;
    const window = this.#window();
    const { home, count } = this.#range(this.#taken, lane.size);
    const size = Math.min(count, window);
    const room = window - (this.#taken - this.#yielded);
    // Waiting for a fair share of the window keeps a slow consumer from being fed one input at a time.
    if (room < Math.min(size, Math.ceil(window / 4)) || this.#heldBytes > windowBytes) {
      this.#stalled = true;
      return undefined;
    }
    const inputs = this.#source.take(Math.min(size, room), maxBatchBytes);
    if (inputs.length === 0) return undefined;
    const first = this.#taken;
    this.#taken += inputs.length;
    const indices = inputs.map((_, offset) => first + offset);
    return { number: this.#batches++, attempt: 0, indices, inputs, failures: 0, losses: 0, home };
  }

  /** Three times what the lanes can have in flight: they stay busy behind one slow batch, and little is wasted. */
  #window(): number {
    let capacity = 0;
    for (const { lane, size } of this.#lanes) capacity += lane.concurrency * size;
    return Math.min(this.#settings.window, 3 * capacity);
  }

  async #send(state: LaneState<I, O>, task: Task<I>): Promise<void> {
    const unanswered = new Unanswered(task);
    const failed: number[] = [];
    const sentAt = this.#settings.clock.now();
    state.inFlight++;
    try {
      const { number, attempt, indices, inputs, failures } = task;
      const batch = { number, attempt, indices, inputs, ...(failures > 0 && { failures }) };
      for await (const answer of state.lane.send(batch, this.#abort.signal)) {
        if (this.#over) return;
        this.#accept(state, task, unanswered, failed, answer);
      }
      if (this.#over) return;
      if (unanswered.count > 0) {
        throw faulty(state.lane.name, `ended a batch without ${unanswered.count} of its outputs`);
      }
      state.finished(task.inputs.length, sentAt, this.#settings.clock.now());
    } catch (error) {
      if (this.#over) return;
      this.#recover(state, task, unanswered, error);
    } finally {
      state.inFlight--;
    }
    if (failed.length > 0) this.#retryLater(task, failed);
    this.#report();
    this.#proceed();
  }

  #accept(state: LaneState<I, O>, task: Task<I>, unanswered: Unanswered<I>, failed: number[], answer: Answer<O>): void {
    const { name } = state.lane;
    state.answered();
    this.#lastAnswer = this.#settings.clock.now();
    if ('error' in answer) {
      if (unanswered.answer(answer.index) === undefined) {
        throw faulty(name, `answered input ${answer.index} of a batch twice, or without being asked`);
      }
      if (this.#mayRetry(task, answer.error)) failed.push(answer.index);
      else this.#settle(state, task, answer.index, answer.error);
    } else {
      for (let offset = 0; offset < answer.outputs.length; offset++) {
        const index = unanswered.answer(answer.first + offset);
        if (index === undefined) {
          throw faulty(name, `answered input ${answer.first + offset} of a batch twice, or without being asked`);
        }
        this.#put(index, answer.outputs[offset]!);
        this.#done++;
      }
    }
    this.#report();
    this.#wakeUp();
  }

  #put(index: number, value: O | InputError): void {
    const bytes = estimateBytes(value);
    this.#heldBytes += bytes;
    this.#output.put(index, { value, bytes });
  }

  #mayRetry(task: Task<I>, { code }: RemoteError): boolean {
    // What is wrong with the input itself stays wrong.
    return code !== 'INPUT_INVALID' && task.failures < this.#settings.retries.maxRetries;
  }

  /** The function failed for good on one input. */
  #settle(state: LaneState<I, O>, task: Task<I>, local: number, remote: RemoteError): void {
    const index = task.indices[local]!;
    const error = new InputError({
      index,
      input: task.inputs[local],
      attempts: task.failures + 1,
      node: state.lane.name,
      remote,
    });
    this.#failed++;
    if (this.#settings.returnErrors) this.#put(index, error);
    else this.#fail(error);
  }

  /** Sends the failed inputs of a task again, when the retry policy allows. */
  #retryLater(task: Task<I>, locals: readonly number[]): void {
    const again: Task<I> = {
      number: this.#batches++,
      attempt: 0,
      indices: locals.map((local) => task.indices[local]!),
      inputs: locals.map((local) => task.inputs[local]!),
      failures: task.failures + 1,
      losses: 0,
    };
    this.#retried += locals.length;
    const delay = retryDelay(this.#settings.retries, again.failures, this.#settings.random);
    this.#after(delay, () => {
      this.#again.push(again);
      this.#proceed();
    });
  }

  /** A batch broke off: decides what becomes of the inputs that have no answer. */
  #recover(state: LaneState<I, O>, task: Task<I>, unanswered: Unanswered<I>, error: unknown): void {
    const rest = unanswered.rest();
    if (error instanceof BatchError) this.#divide(state, task, rest, error);
    else if (error instanceof ShardError && INFRASTRUCTURE.has(error.code)) {
      this.#failOver(state, task, rest, error);
    } else this.#fail(error);
  }

  /** Halves a batch that failed as a whole until the input at fault is alone. */
  #divide(state: LaneState<I, O>, task: Task<I>, rest: Pick<Task<I>, 'indices' | 'inputs'>, error: BatchError): void {
    const { length } = rest.inputs;
    if (length === 0) return;
    if (length === 1) {
      const alone = { ...task, ...rest };
      if (this.#mayRetry(task, error.remote)) this.#retryLater(alone, [0]);
      else this.#settle(state, alone, 0, error.remote);
      return;
    }
    this.#retried += length;
    const middle = Math.ceil(length / 2);
    const part = (start: number, end: number): Task<I> => ({
      ...task,
      number: this.#batches++,
      attempt: 0,
      indices: rest.indices.slice(start, end),
      inputs: rest.inputs.slice(start, end),
    });
    // Before what waits already, which comes later in the map: on a lane of one batch at a time, order is kept.
    this.#again.unshift(part(0, middle), part(middle, length));
  }

  #failOver(state: LaneState<I, O>, task: Task<I>, rest: Pick<Task<I>, 'indices' | 'inputs'>, error: ShardError): void {
    const { clock, laneRetries, patience, random } = this.#settings;
    const now = clock.now();
    const busy = error.code === 'LANE_BUSY';
    let until = state.failed(error, laneRetries, now, random);
    if (error.retryAfter !== undefined) {
      // Later than told, never sooner, so that clients that were turned away together come back apart.
      const told = error.retryAfter * (1 + laneRetries.jitter * random());
      until = state.pause(Math.min(told, patience), now);
    }
    this.#after(until - now, () => {
      state.resume(until);
      this.#proceed();
    });
    if (rest.inputs.length === 0) return;
    const losses = task.losses + (busy ? 0 : 1);
    const busySince = busy ? Math.max(task.busySince ?? now, this.#lastAnswer) : undefined;
    if (losses > laneRetries.maxRetries || (busySince !== undefined && now - busySince >= patience)) {
      this.#fail(this.#exhausted(task, error));
      return;
    }
    this.#retried += rest.inputs.length;
    const attempt = task.attempt + 1;
    // First, as the halves of a batch are.
    this.#again.unshift({ ...task, ...rest, attempt, losses, busySince, avoid: state.lane.name });
  }

  #exhausted(task: Task<I>, cause: ShardError): ShardError {
    const known = this.#lanes
      .filter(({ lastError }) => lastError !== undefined)
      .map(({ lane, lastError }) => `${lane.name}: ${(lastError as Error).message}`);
    return new ShardError(
      'LANES_EXHAUSTED',
      `A batch of ${task.inputs.length} inputs was sent ${task.attempt + 1} times, but no node finished it ` +
        `(${known.join('; ')}). See that the nodes are up and can be reached, then run again`,
      { cause },
    );
  }

  #after(milliseconds: number, callback: () => void): void {
    const cancel = this.#settings.clock.after(milliseconds, () => {
      this.#timers.delete(cancel);
      callback();
    });
    this.#timers.add(cancel);
  }

  #report(): void {
    this.#settings.onProgress?.({
      done: this.#done,
      failed: this.#failed,
      retried: this.#retried,
      lanes: this.#lanes.filter(({ inFlight }) => inFlight > 0).map(({ lane }) => lane.name),
    });
  }

  async #close(complete: boolean): Promise<void> {
    this.#closed = true;
    for (const cancel of this.#timers) cancel();
    if (!complete) this.#abort.abort(this.#failure?.error);
    const cancelled = complete ? [] : this.#lanes.map(async ({ lane }) => lane.cancel?.());
    try {
      await this.#source.close();
    } catch (error) {
      // The consumer hears of the first thing that went wrong.
      if (!this.#failure) throw error;
    } finally {
      await Promise.allSettled(cancelled);
    }
  }
}

/** Failures of the way, not of the work. */
const INFRASTRUCTURE: ReadonlySet<string> = new Set(['LANE_LOST', 'LANE_BUSY', 'LANE_FAULTY', 'FRAME_INVALID']);

function load<I, O>({ inFlight, lane }: LaneState<I, O>): number {
  return inFlight / lane.concurrency;
}

function faulty(name: string, what: string): ShardError {
  return new ShardError('LANE_FAULTY', `${name} ${what}`);
}
