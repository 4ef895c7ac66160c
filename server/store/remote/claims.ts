import type { Clock } from '../../clock.ts';
import type { Lease } from '../contract.ts';

/** Milliseconds in which a claim whose answer was lost is asked for again. */
const KEPT_MS = 10_000;
/** Claims that are kept at once; above it the oldest are forgotten, and their leases end by themselves. */
const MOST = 256;

/** Leases by the number of their claim, so that one whose answer was lost is not made anew. */
export class Claims {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Promise<Lease[]>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  once(number: string, claim: () => Promise<Lease[]>): Promise<Lease[]> {
    const known = this.#kept.get(number);
    if (known) return known;
    const leases = claim();
    this.#kept.set(number, leases);
    if (this.#kept.size > MOST) this.#kept.delete(this.#kept.keys().next().value!);
    const forget = (): void => {
      if (this.#kept.get(number) === leases) this.#kept.delete(number);
    };
    // One that failed, or leased nothing, may as well be tried anew.
    leases.then(({ length }) => (length > 0 ? this.#clock.after(KEPT_MS, forget) : forget()), forget);
    return leases;
  }
}
