import { type RetryPolicy, retryDelay } from '../../shard/retry.ts';

/** One function's workers start on one machine, so there is nobody to come back apart from. */
const POLICY: RetryPolicy = {
  maxRetries: Infinity,
  initialDelay: 1_000,
  backoffCoefficient: 2,
  maxDelay: 60_000,
  jitter: 0,
};

/** When workers may be started again, after some could not be. */
export class Backoff {
  #failures = 0;
  #until = -Infinity;
  #reason: unknown;

  /** Why the last one could not be started; `undefined` once one could. */
  get reason(): unknown {
    return this.#reason;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** Milliseconds until the next may be started; 0 or less: now. */
  wait(now: number): number {
    return this.#until - now;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#until = -Infinity;
    this.#reason = undefined;
  }

  /** Failures of workers that were started together count as one. */
  failed(reason: unknown, now: number): void {
    this.#reason = reason;
    if (this.wait(now) > 0) return;
    this.#failures++;
    this.#until = now + retryDelay(POLICY, this.#failures, () => 0);
  }
}
