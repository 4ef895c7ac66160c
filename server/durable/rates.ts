import { LRUCache } from 'lru-cache';
import type { CallStatus } from '../../shard/call/contract.ts';
import type { StoredStatus } from '../store/contract.ts';

/** Milliseconds that a rate looks back on. */
const WINDOW_MS = 15_000;
/** Milliseconds below which two looks are one. */
const SAMPLE_MS = 500;
/** Calls whose past is remembered. */
const REMEMBERED = 1_000;

interface Sample {
  /** Milliseconds since 1970, as are those of a status. */
  readonly time: number;
  /** Inputs with an outcome. */
  readonly settled: number;
}

/** How fast calls get on, from how they were when they were last looked at; of the first look, since they began. */
export class Rates {
  readonly #samples = new LRUCache<string, Sample[]>({ max: REMEMBERED });
  readonly #now: () => number;

  /** `now` gives milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Inputs a second of late, and the seconds that are left where all inputs are known and some run. */
  of(status: StoredStatus): Pick<CallStatus, 'rate' | 'etaSeconds'> {
    const { state, counts } = status;
    if (state === 'done' || state === 'cancelled') {
      this.#samples.delete(status.id);
      return { rate: 0 };
    }
    const rate = this.#measure(status);
    const left = counts.pending + counts.running;
    const known = state === 'sealed' && counts.running > 0 && rate > 0;
    return { rate, ...(known && { etaSeconds: left / rate }) };
  }

  #measure({ id, counts: { done, failed }, created }: StoredStatus): number {
    const time = this.#now();
    const settled = done + failed;
    const samples = this.#samples.get(id) ?? [{ time: created, settled: 0 }];
    // One that is as old as the window stays, for what is newer to be measured from.
    while (samples.length > 1 && samples[1]!.time <= time - WINDOW_MS) samples.shift();
    const [oldest] = samples;
    if (time - samples.at(-1)!.time >= SAMPLE_MS) samples.push({ time, settled });
    this.#samples.set(id, samples);
    const milliseconds = time - oldest!.time;
    // What `retry` has taken back does not make a rate of less than nothing.
    return milliseconds <= 0 ? 0 : (Math.max(0, settled - oldest!.settled) * 1000) / milliseconds;
  }
}
