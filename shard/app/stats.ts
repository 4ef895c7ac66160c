/** What a function does on one node: inputs by where they are, and what became of its workers. */
export interface FunctionStats {
  /** Worker processes that are ready. */
  readonly workers: number;
  /** Worker processes that start. */
  readonly starting: number;
  /** Inputs that are with workers. */
  readonly running: number;
  /** Inputs that wait for a worker. */
  readonly waiting: number;
  /** Inputs that have failed, since the node was started. */
  readonly failures: number;
  /** Workers that ended unasked, since the node was started. */
  readonly crashes: number;
  /** Workers that were replaced for what they had used up, since the node was started. */
  readonly recycled: number;
}
