import type { LaneSet } from './lane-set.ts';
import { retryDelay, type RetryPolicy, UNREADY_RETRIES } from './retry.ts';

/** The time in which no lane answers anything, and when it has lasted too long. */
export class Drought<I, O> {
  readonly #lanes: LaneSet<I, O>;
  readonly #policy: RetryPolicy;
  /** Milliseconds that one lane is tried for, if it refuses at once each time. */
  readonly #span: number;
  #lastAnswer = -Infinity;
  #since: number | undefined;
  #losses = 0;
  #convicted = 0;

  constructor(lanes: LaneSet<I, O>, policy: RetryPolicy) {
    this.#lanes = lanes;
    this.#policy = policy;
    let span = 0;
    for (let retry = 1; retry <= policy.maxRetries && span < Infinity; retry++)
      span += retryDelay(policy, retry, () => 0);
    this.#span = span;
  }

  /** When a lane last answered. */
  get lastAnswer(): number {
    return this.#lastAnswer;
  }

  answered(now: number): void {
    this.#lastAnswer = now;
    this.#convicted = 0;
    this.alive();
  }

  /** A lane that failed says that it is up. */
  alive(): void {
    this.#since = undefined;
    this.#losses = 0;
  }

  lost(now: number): void {
    this.#since ??= now;
    this.#losses++;
  }

  /** An input was given up because lanes were lost under it. */
  convicted(): void {
    this.#convicted++;
  }

  /**
   * Whether nothing is to be hoped for: each lane was lost more often in a row than the policy allows; or each was lost,
   * all together that often, for as long as one would be tried. A few inputs may bring down all lanes, but not all.
   * What could not be made ready anywhere from the start, such as a state that is mistaken, is given up much sooner.
   */
  isHopeless(now: number): boolean {
    const { maxRetries } = this.#policy;
    if (this.#convicted > maxRetries) return true;
    const { fit } = this.#lanes;
    const losses = fit.map((state) => state.losses);
    if (losses.length === 0 || this.#since === undefined) return false;
    const unready = this.#lastAnswer === -Infinity && fit.every(({ unready: is }) => is);
    if (unready && losses.every((count) => count > UNREADY_RETRIES)) return true;
    if (losses.every((count) => count > maxRetries)) return true;
    return losses.every((count) => count > 0) && this.#losses > maxRetries && now - this.#since >= this.#span;
  }
}
