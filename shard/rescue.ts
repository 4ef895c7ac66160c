import type { Backlog } from './backlog.ts';
import type { Drought } from './drought.ts';
import { BatchError, ShardError } from './errors.ts';
import type { Flight } from './flight.ts';
import type { LaneSet } from './lane-set.ts';
import type { LaneState } from './lane-state.ts';
import type { PumpSettings } from './options.ts';
import { afterFailure, afterLoss, type Outcome } from './recovery.ts';
import type { Tally } from './tally.ts';
import type { Task } from './task.ts';
import type { Timers } from './timers.ts';
import type { RemoteError } from './wire/message.ts';

/** Failures of the way, not of the work. */
const INFRASTRUCTURE: ReadonlySet<string> = new Set(['LANE_LOST', 'LANE_BUSY', 'LANE_FAULTY', 'FRAME_INVALID']);

export interface RescueOptions<I, O> {
  readonly settings: PumpSettings;
  readonly lanes: LaneSet<I, O>;
  readonly drought: Drought<I, O>;
  readonly backlog: Backlog<I, O>;
  readonly timers: Timers;
  readonly tally: Tally;
  /** Numbers of new batches. */
  readonly number: () => number;
  /** The function failed on the only input of a task, or the input is given up. */
  readonly failed: (lane: LaneState<I, O>, task: Task<I>, error: RemoteError) => void;
  /** Ends the map. */
  readonly end: (error: unknown) => void;
  /** A lane may be used again. */
  readonly proceed: () => void;
}

/** Sees to it that what a broken batch left unanswered is answered elsewhere or later, or that the map ends. */
export class Rescue<I, O> {
  readonly #options: RescueOptions<I, O>;

  constructor(options: RescueOptions<I, O>) {
    this.#options = options;
  }

  /** A batch broke off. `well` tells whether its lane had not failed before. */
  broken(flight: Flight<I, O>, error: unknown, well: boolean): void {
    const { pending, lane } = flight;
    const lost = error instanceof ShardError && INFRASTRUCTURE.has(error.code) ? error : undefined;
    if (lost) this.#putAside(lane, lost);
    else if (!(error instanceof BatchError)) {
      this.#options.end(error);
      return;
    }
    // Where the rest is also under way elsewhere, it is left to that lane.
    if (pending.left === 0 || pending.flights.size > 1) return;
    if (lost) this.#failOver(flight, lost, well);
    else if (error instanceof BatchError) {
      const { left, task } = pending;
      if (left > 1) this.#options.tally.retried += left;
      this.#apply(lane, afterFailure(task, pending.rest(), error.remote, this.#options.number));
    }
  }

  #putAside(lane: LaneState<I, O>, error: ShardError): void {
    if (error.unfit) {
      [lane.unfit, lane.lastError] = [error.unfit, error];
      return;
    }
    const { settings, drought, timers, proceed } = this.#options;
    const { clock, laneRetries, patience, random } = settings;
    const now = clock.now();
    const busy = error.code === 'LANE_BUSY';
    lane.unready = error.unready;
    if (!busy) drought.lost(now);
    let until = lane.failed(error, busy, laneRetries, now, random);
    if (error.retryAfter !== undefined) {
      // Later than told, never sooner, so that clients that were turned away together come back apart.
      const told = error.retryAfter * (1 + laneRetries.jitter * random());
      until = lane.pause(Math.min(told, patience), now);
    }
    timers.after(until - now, () => {
      lane.resume(until);
      proceed();
    });
  }

  #failOver(flight: Flight<I, O>, error: ShardError, well: boolean): void {
    const { settings, lanes, drought, backlog, tally, end, number } = this.#options;
    const { lane, pending, alone } = flight;
    const now = settings.clock.now();
    const rest = pending.rest();
    const task = { ...pending.task, attempt: pending.attempts, avoid: lane.lane.name };
    tally.resent += rest.inputs.length;
    if (error.unfit) {
      if (lanes.fit.length === 0) end(error.unfit);
      else backlog.unshift([{ ...task, ...rest }]);
      return;
    }
    if (error.code === 'LANE_BUSY') {
      const busySince = Math.max(task.busySince ?? now, drought.lastAnswer);
      if (now - busySince >= settings.patience) end(this.#exhausted(error));
      else backlog.unshift([{ ...task, ...rest, busySince }]);
      return;
    }
    if (drought.isHopeless(now)) {
      end(this.#exhausted(error));
      return;
    }
    const blamed = well && error.reached && flight.silent;
    const loss = { blamed, alone, bound: settings.laneRetries.maxRetries, message: error.message };
    this.#apply(lane, afterLoss({ ...task, busySince: undefined }, rest, loss, number));
  }

  #apply(lane: LaneState<I, O>, outcome: Outcome<I>): void {
    const { backlog, drought, failed } = this.#options;
    if ('again' in outcome) {
      backlog.unshift(outcome.again);
      return;
    }
    if (outcome.error.code === 'INPUT_LOST') drought.convicted();
    failed(lane, outcome.failed, outcome.error);
  }

  #exhausted(cause: ShardError): ShardError {
    const { all } = this.#options.lanes;
    const known = all
      .filter(({ lastError }) => lastError !== undefined)
      // Most name the lane themselves.
      .map(({ lane: { name }, lastError }) => `${name}: ${(lastError as Error).message.replace(`${name} `, '')}`);
    const what = all.every(({ unready }) => unready) ? 'Mend that' : 'See that the nodes are up and can be reached';
    const text = `No node can be made to answer (${known.join('; ')}). ${what}, then run again`;
    return new ShardError('LANES_EXHAUSTED', text, { cause });
  }
}
