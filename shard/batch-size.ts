export interface BatchLimits {
  /** Milliseconds that one batch should take; above 0. */
  readonly targetMilliseconds: number;
  /** Inputs in the first batch to a lane; 1 or more. */
  readonly initialSize: number;
  /** Inputs in any batch; 1 or more. */
  readonly maxSize: number;
}

/** How fast batches may grow from one to the next, so that one lucky measurement does no harm. */
const MAX_GROWTH = 4;
/** Weight of the newest measurement. */
const SMOOTHING = 0.5;

/** Learns from finished batches how many inputs make a batch of the wanted duration on one lane. */
export class BatchSizer {
  readonly #limits: BatchLimits;
  #size: number;
  #millisecondsPerInput: number | undefined;

  constructor(limits: BatchLimits) {
    this.#limits = limits;
    this.#size = Math.min(limits.initialSize, limits.maxSize);
  }

  /** Inputs that the next batch should have. */
  get size(): number {
    return this.#size;
  }

  /** A batch of `count` inputs kept the lane busy for `milliseconds`. */
  measured(count: number, milliseconds: number): void {
    if (count === 0) return;
    const sample = Math.max(milliseconds, 0) / count;
    const known = this.#millisecondsPerInput;
    const estimate = known === undefined ? sample : known + SMOOTHING * (sample - known);
    this.#millisecondsPerInput = estimate;
    const ideal = estimate === 0 ? Infinity : this.#limits.targetMilliseconds / estimate;
    // A short batch (the last inputs, a slow source) says little about long ones, so it does not let them grow.
    const ceiling = Math.max(this.#size, Math.min(count, this.#size) * MAX_GROWTH);
    this.#size = Math.max(1, Math.floor(Math.min(ideal, ceiling, this.#limits.maxSize)));
  }
}
