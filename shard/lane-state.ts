import { BatchSizer, type BatchLimits } from './batch-size.ts';
import type { Lane } from './contract.ts';
import { retryDelay, type RetryPolicy } from './retry.ts';

/** Weight of the newest measurement. */
const SMOOTHING = 0.5;

/** What the pump knows of one lane: its load, its speed and its health. */
export class LaneState<I, O> {
  readonly lane: Lane<I, O>;
  readonly #sizer: BatchSizer;
  inFlight = 0;
  /** Whether it runs a batch that must have no other beside it. */
  alone = false;
  lastError: unknown;
  /** Whether that said that the lane is up, but could not make ready what runs the function. */
  unready = false;
  /** Why it can never run the function; it is given nothing more. */
  unfit: Error | undefined;
  #failures = 0;
  #losses = 0;
  #pausedUntil = -Infinity;
  #lastFinish = -Infinity;
  #waitPerInput: number | undefined;

  constructor(lane: Lane<I, O>, limits: BatchLimits) {
    this.lane = lane;
    this.#sizer = new BatchSizer(limits);
  }

  /** Inputs that its next batch should have. */
  get size(): number {
    return this.#sizer.size;
  }

  get load(): number {
    return this.inFlight / this.lane.concurrency;
  }

  get healthy(): boolean {
    return this.#failures === 0 && this.unfit === undefined;
  }

  /** How often in a row it was lost or at fault. */
  get losses(): number {
    return this.#losses;
  }

  /** Milliseconds from sending a batch to its end, for each input of it; undefined before one has ended. */
  get waitPerInput(): number | undefined {
    return this.#waitPerInput;
  }

  /** Whether a batch may be sent now. A lane that failed gets one batch as a probe until it answers. */
  free(now: number): boolean {
    const most = this.healthy ? this.lane.concurrency : 1;
    return this.unfit === undefined && now >= this.#pausedUntil && !this.alone && this.inFlight < most;
  }

  answered(): void {
    this.#failures = 0;
    this.#losses = 0;
    this.unready = false;
  }

  finished(count: number, sentAt: number, now: number): void {
    // A lane that works on several batches at once starts this one when it has finished the one before.
    this.#sizer.measured(count, now - Math.max(sentAt, this.#lastFinish));
    this.#lastFinish = now;
    const wait = (now - sentAt) / count;
    const known = this.#waitPerInput;
    this.#waitPerInput = known === undefined ? wait : known + SMOOTHING * (wait - known);
  }

  /** Another lane was faster: this one would have taken longer still, and gets no larger batches for it. */
  overtaken(count: number, sentAt: number, now: number): void {
    this.#sizer.measured(count, now - sentAt);
  }

  /** Puts the lane aside until the moment returned, longer each time it fails without an answer between. */
  failed(error: unknown, busy: boolean, policy: RetryPolicy, now: number, random: () => number): number {
    this.lastError = error;
    // Batches that were in flight together fail together, which is one failure of the lane.
    if (now < this.#pausedUntil) return this.#pausedUntil;
    this.#failures++;
    // Who says that it is busy is not lost.
    this.#losses = busy ? 0 : this.#losses + 1;
    return this.pause(retryDelay(policy, this.#failures, random), now);
  }

  pause(milliseconds: number, now: number): number {
    this.#pausedUntil = Math.max(this.#pausedUntil, now + milliseconds);
    return this.#pausedUntil;
  }

  /** Ends a pause up to that moment. Timers may fire before the clock says so, and then nothing else would. */
  resume(until: number): void {
    if (this.#pausedUntil <= until) this.#pausedUntil = -Infinity;
  }
}
