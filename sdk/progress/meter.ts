import type { Clock } from '../../shard/contract.ts';
import type { PumpProgress } from '../../shard/options.ts';
import type { MapProgress } from '../contract.ts';

/** Milliseconds over which the rate forgets. */
const MEMORY = 5_000;

/** Turns counts into a rate and an estimate of what is left. */
export class Meter {
  readonly #clock: Clock;
  readonly #total: number | undefined;
  #at: number;
  #settled = 0;
  #rate: number | undefined;
  #latest: PumpProgress = { done: 0, failed: 0, retried: 0, resent: 0, hedged: 0, lanes: [] };

  constructor(clock: Clock, total: number | undefined) {
    this.#clock = clock;
    this.#total = total;
    this.#at = clock.now();
  }

  count(progress: PumpProgress): void {
    this.#latest = progress;
  }

  read(): MapProgress {
    const { lanes, ...counts } = this.#latest;
    const settled = counts.done + counts.failed;
    const now = this.#clock.now();
    const elapsed = now - this.#at;
    if (elapsed > 0) {
      const sample = ((settled - this.#settled) / elapsed) * 1000;
      const weight = 1 - Math.exp(-elapsed / MEMORY);
      // The first samples weigh the most, so that the rate does not climb from zero.
      this.#rate = this.#rate === undefined ? sample : this.#rate + weight * (sample - this.#rate);
      this.#at = now;
      this.#settled = settled;
    }
    const rate = this.#rate ?? 0;
    return {
      ...counts,
      rate,
      nodes: lanes,
      ...(this.#total === undefined ? {} : { total: this.#total }),
      ...(this.#total === undefined || rate === 0 ? {} : { etaSeconds: Math.max(0, this.#total - settled) / rate }),
    };
  }
}
