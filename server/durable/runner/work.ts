import type { NodeFunction } from '../../functions.ts';
import type { Clock } from '../../clock.ts';
import { type RetryPolicy, retryDelay } from '../../../shard/retry.ts';
import type { Runnable } from '../../store/contract.ts';
import type { ChunkRun } from './chunk-run.ts';
import { Load } from './load.ts';

/** When a function that could not be run here is tried again. */
const AGAIN: RetryPolicy = {
  maxRetries: Infinity,
  initialDelay: 1_000,
  backoffCoefficient: 2,
  maxDelay: 60_000,
  jitter: 0.2,
};
/** Inputs that a built-in function has use for at once: two parts of a batch. */
const BUILT_IN_CAPACITY = 512;

/** What this node has of one function, and how much more it wants. */
export class Work {
  readonly runnable: Runnable;
  readonly #clock: Clock;
  readonly #load = new Load();
  readonly #runs = new Set<ChunkRun>();
  #capacity = 1;
  #failures = 0;
  #pausedUntil = -Infinity;

  constructor(runnable: Runnable, clock: Clock) {
    this.runnable = runnable;
    this.#clock = clock;
  }

  get idle(): boolean {
    return this.#runs.size === 0;
  }

  /** Milliseconds until it may be run here again; 0 or less: now. */
  get pause(): number {
    return this.#pausedUntil - this.#clock.now();
  }

  /** Chunks to lease now. */
  get wanted(): number {
    return this.pause > 0 ? 0 : this.#load.wants(this.#busy, this.#capacity);
  }

  /** Counts a run until disposed. */
  enter(run: ChunkRun, { workers }: NodeFunction): Disposable {
    this.#capacity = workers?.capacity ?? BUILT_IN_CAPACITY;
    this.#load.leased(run.busy);
    this.#runs.add(run);
    this.changed(0);
    return {
      [Symbol.dispose]: () => {
        this.#runs.delete(run);
        this.changed(0);
      },
    };
  }

  /** So many inputs have an outcome. */
  changed(settled: number): void {
    if (settled > 0) this.#failures = 0;
    this.#load.measure(this.#clock.now(), this.#busy, settled);
  }

  /** It can't be run here now. What was leased together fails together, and counts once. */
  failed(): void {
    if (this.pause > 0) return;
    this.#failures++;
    this.#pausedUntil = this.#clock.now() + retryDelay(AGAIN, this.#failures, Math.random);
  }

  get #busy(): number {
    return this.#runs.values().reduce((sum, run) => sum + run.busy, 0);
  }
}
