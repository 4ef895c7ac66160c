/** What is timed beside us: anything that keeps inputs on disk, and runs a function on them in workers of this machine. */

export interface JobsSubject extends AsyncDisposable {
  /** With its version. */
  readonly name: string;
  /** Whether it is a peer, and not warpmap. */
  readonly peer: boolean;
  /** Whether its jobs are batches that the client made by hand. */
  readonly byHand: boolean;
  /** Inputs of one run: what takes it a few seconds. Its rates are per input. */
  readonly inputs: number;
  /** Begins a run. Each is apart from those before it. */
  begin(inputs: number): Promise<JobsRun>;
}

/** One run, whose verbs are called in this order, and only the first two are timed. */
export interface JobsRun {
  /** Hands 0 to `inputs` − 1 over; resolves when each is on disk. No worker takes any yet. */
  submit(): Promise<void>;
  /** Lets two workers, which are up already, echo them; resolves when each output is on disk. */
  drain(): Promise<void>;
  /** Throws unless 0 to `inputs` − 1 are what was kept, each once. */
  check(): Promise<void>;
  /** Removes what was kept. */
  forget(): Promise<void>;
}
