import type { Batch } from './contract.ts';
import type { LaneState } from './lane-state.ts';
import type { Part, Task } from './task.ts';

/** A task that was sent, to one lane or to a second one too: an input is settled by the first answer it gets. */
export class Pending<I> {
  readonly task: Task<I>;
  /** Where it is under way. */
  readonly flights: Set<Flight<I, unknown>> = new Set();
  readonly #settled: Uint8Array;
  #left: number;
  #attempts: number;
  #failed: number[] = [];

  constructor(task: Task<I>) {
    this.task = task;
    this.#settled = new Uint8Array(task.inputs.length);
    this.#left = task.inputs.length;
    this.#attempts = task.attempt;
  }

  /** Inputs without an answer. */
  get left(): number {
    return this.#left;
  }

  /** The number of the next attempt. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Whether this is the first answer for the input at that place in the task. */
  settle(place: number): boolean {
    if (this.#settled[place] !== 0) return false;
    this.#settled[place] = 1;
    this.#left--;
    return true;
  }

  /** Keeps in mind that the function failed on an input that may be tried again. */
  failed(place: number): void {
    this.#failed.push(place);
  }

  /** The inputs kept in mind by `failed`, once. */
  takeFailed(): Part<I> {
    // Answers come in any order.
    const places = this.#failed.sort((a, b) => a - b);
    this.#failed = [];
    return this.#part(places);
  }

  /** The inputs without an answer. */
  rest(): Part<I> {
    return this.#part(this.#open());
  }

  /** Sends what is left to a lane. */
  sendTo<O>(lane: LaneState<I, O>, options: FlightOptions): Flight<I, O> {
    const whole = this.#left === this.task.inputs.length;
    const places = whole ? undefined : this.#open();
    const { indices, inputs } = places ? this.#part(places) : this.task;
    const { number, failures } = this.task;
    const batch = { number, attempt: this.#attempts++, indices, inputs, ...(failures > 0 && { failures }) };
    const flight = new Flight<I, O>(this, lane, batch, places, options);
    this.flights.add(flight);
    return flight;
  }

  #open(): number[] {
    const places: number[] = [];
    for (const [place, settled] of this.#settled.entries()) if (settled === 0) places.push(place);
    return places;
  }

  #part(places: readonly number[]): Part<I> {
    const { indices, inputs } = this.task;
    return { indices: places.map((place) => indices[place]!), inputs: places.map((place) => inputs[place]!) };
  }
}

export interface FlightOptions {
  readonly now: number;
  /** Whether it is sent because another lane takes too long over it. */
  readonly hedge?: boolean;
  /** Whether the lane has nothing else meanwhile. */
  readonly alone?: boolean;
}

/** One batch under way on one lane. */
export class Flight<I, O> {
  readonly pending: Pending<I>;
  readonly lane: LaneState<I, O>;
  readonly batch: Batch<I>;
  readonly sentAt: number;
  readonly hedge: boolean;
  readonly alone: boolean;
  readonly #abort = new AbortController();
  /** Of each input of the batch its place in the task, where they differ. */
  readonly #places: readonly number[] | undefined;
  readonly #heard: Uint8Array;
  #unheard: number;

  constructor(
    pending: Pending<I>,
    lane: LaneState<I, O>,
    batch: Batch<I>,
    places: readonly number[] | undefined,
    { now, hedge = false, alone = false }: FlightOptions,
  ) {
    this.pending = pending;
    this.lane = lane;
    this.batch = batch;
    this.sentAt = now;
    this.hedge = hedge;
    this.alone = alone;
    this.#places = places;
    this.#heard = new Uint8Array(batch.inputs.length);
    this.#unheard = batch.inputs.length;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Inputs of the batch that this lane has not answered. */
  get unheard(): number {
    return this.#unheard;
  }

  /** Whether nothing was heard of this batch. */
  get silent(): boolean {
    return this.#unheard === this.batch.inputs.length;
  }

  /** Whether nothing more is wanted of it. */
  get stopped(): boolean {
    return this.#abort.signal.aborted;
  }

  stop(reason: unknown): void {
    this.#abort.abort(reason);
  }

  /** The place in the task of input `local` of the batch, which is answered now; undefined if it awaits no answer. */
  hear(local: number): number | undefined {
    if (this.#heard[local] !== 0) return undefined;
    this.#heard[local] = 1;
    this.#unheard--;
    return this.#places ? this.#places[local] : local;
  }
}
