import { BatchSizer, type BatchLimits } from './batch-size.ts';
import type { Lane } from './contract.ts';
import { retryDelay, type RetryPolicy } from './retry.ts';

/** What the pump knows of one lane: its load, its speed and its health. */
export class LaneState<I, O> {
  readonly lane: Lane<I, O>;
  readonly #sizer: BatchSizer;
  inFlight = 0;
  lastError: unknown;
  #failures = 0;
  #pausedUntil = -Infinity;
  #lastFinish = -Infinity;

  constructor(lane: Lane<I, O>, limits: BatchLimits) {
    this.lane = lane;
    this.#sizer = new BatchSizer(limits);
  }

  get size(): number {
    return this.#sizer.size;
  }

  get healthy(): boolean {
    return this.#failures === 0;
  }

  /** Whether a batch may be sent now. A lane that failed gets one batch as a probe until it answers. */
  free(now: number): boolean {
    return now >= this.#pausedUntil && this.inFlight < (this.healthy ? this.lane.concurrency : 1);
  }

  answered(): void {
    this.#failures = 0;
  }

  finished(count: number, sentAt: number, now: number): void {
    // A lane that works on several batches at once starts this one when it has finished the one before.
    this.#sizer.measured(count, now - Math.max(sentAt, this.#lastFinish));
    this.#lastFinish = now;
  }

  /** Puts the lane aside until the moment returned, longer each time it fails without an answer between. */
  failed(error: unknown, policy: RetryPolicy, now: number, random: () => number): number {
    this.lastError = error;
    // Batches that were in flight together fail together, which is one failure of the lane.
    if (now < this.#pausedUntil) return this.#pausedUntil;
    this.#failures++;
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
