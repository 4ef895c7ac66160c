/**
 * Which batch is sent a second time because it takes too long where it is.
 *
 * As backup tasks (Dean and Ghemawat, "MapReduce", 2004, 3.6) and hedged requests (Dean and Barroso, "The Tail at
 * Scale", 2013): only to a lane that would else be idle, only once a batch has taken several times as long as that lane
 * has needed for as many inputs, and only for a small share of all batches, so that load which makes all lanes slow is
 * not made worse.
 */
import type { Flight } from './flight.ts';
import type { LaneState } from './lane-state.ts';

export interface HedgePolicy {
  /** How many times as long as the idle lane would take; a number of 1 or more. */
  readonly factor: number;
  /** Milliseconds that a batch is given in any case; a number of 0 or more. */
  readonly minDelay: number;
  /** Share of the batches that may be sent twice, in [0, 1]; one may in any case. */
  readonly budget: number;
}

export const HEDGE: HedgePolicy = { factor: 3, minDelay: 1000, budget: 0.05 };

export interface Hedge<I, O> {
  readonly late: Flight<I, O>;
  readonly lane: LaneState<I, O>;
  /** The moment from which on the batch counts as late. */
  readonly at: number;
}

export class Hedging<I, O> {
  readonly #policy: HedgePolicy | undefined;
  #batches = 0;
  #hedges = 0;

  constructor(policy: HedgePolicy | undefined) {
    this.#policy = policy;
  }

  /** A batch was sent for the first time, or again. */
  sent(): void {
    this.#batches++;
  }

  hedged(): void {
    this.#hedges++;
  }

  /** The batch that will be late first, and the idle lane that may take it over. */
  next(flights: Iterable<Flight<I, O>>, idle: readonly LaneState<I, O>[]): Hedge<I, O> | undefined {
    const policy = this.#policy;
    if (!policy || this.#hedges >= Math.max(1, policy.budget * this.#batches)) return undefined;
    const fastest = idle
      .filter(({ healthy, waitPerInput }) => healthy && waitPerInput !== undefined)
      .toSorted((a, b) => a.waitPerInput! - b.waitPerInput!);
    if (fastest.length === 0) return undefined;
    let first: Hedge<I, O> | undefined;
    for (const late of flights) {
      if (!mayHedge(late)) continue;
      const lane = fastest.find((state) => state.lane.name !== late.lane.lane.name);
      if (!lane) continue;
      const expected = lane.waitPerInput! * late.batch.inputs.length;
      const at = late.sentAt + Math.max(policy.minDelay, policy.factor * expected);
      if (!first || at < first.at) first = { late, lane, at };
    }
    return first;
  }
}

/** Once each, and nothing that may bring lanes down. */
function mayHedge<I, O>({ pending, hedge, alone, stopped, unheard }: Flight<I, O>): boolean {
  const { task, flights, left } = pending;
  return !hedge && !alone && !stopped && unheard > 0 && left > 0 && task.suspicion === 0 && flights.size === 1;
}
