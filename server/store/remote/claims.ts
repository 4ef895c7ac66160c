import type { Clock } from '../../clock.ts';
import type { Lease } from '../contract.ts';

/** Milliseconds in which a claim whose answer was lost is asked for again. */
const KEPT_MS = 10_000;
/** Claims that are kept at once; above it the oldest are forgotten, and their leases end by themselves. */
const MOST = 256;
/** And bytes of their blocks, likewise. */
const MOST_BYTES = 256 * 1024 * 1024;

/** Leases by the number of their claim, so that one whose answer was lost is not made anew. */
export class Claims {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Promise<Lease[]>>();
  /** Of those that are made. */
  readonly #bytes = new Map<string, number>();
  #allBytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  once(number: string, claim: () => Promise<Lease[]>): Promise<Lease[]> {
    const known = this.#kept.get(number);
    if (known) return known;
    const leases = claim();
    this.#kept.set(number, leases);
    if (this.#kept.size > MOST) this.#forget(this.#kept.keys().next().value!);
    const forget = (): void => {
      if (this.#kept.get(number) === leases) this.#forget(number);
    };
    // One that failed, or leased nothing, may as well be tried anew.
    leases.then((made) => {
      if (made.length === 0) return forget();
      this.#clock.after(KEPT_MS, forget);
      if (this.#kept.get(number) === leases) this.#weigh(number, made);
    }, forget);
    return leases;
  }

  #weigh(number: string, leases: readonly Lease[]): void {
    const bytes = leases.reduce((sum, { block }) => sum + block.length, 0);
    this.#bytes.set(number, bytes);
    this.#allBytes += bytes;
    for (const oldest of this.#bytes.keys()) {
      if (this.#allBytes <= MOST_BYTES) return;
      if (oldest !== number) this.#forget(oldest);
    }
  }

  #forget(number: string): void {
    this.#kept.delete(number);
    this.#allBytes -= this.#bytes.get(number) ?? 0;
    this.#bytes.delete(number);
  }
}
