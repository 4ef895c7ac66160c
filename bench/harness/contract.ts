/** The contract of all benchmarks: a question, subjects that answer it, and results that can be told apart later. */

/** Something that does the work of a question, and can be timed. */
export interface Subject {
  readonly name: string;
  /** Whether it is a peer, and not warpmap. */
  readonly peer: boolean;
  /** Does the question's work once. Answers with the seconds it took where a GPU, or another process, keeps the time. */
  run(): Promise<void | number>;
}

/** Seconds of each round, in the order in which they were taken. */
export interface Timing {
  readonly subject: Subject;
  readonly seconds: readonly number[];
}

/** Where and when a number was taken: without it, no number can be repeated. */
export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly warpmap: string;
  /** Short hash, with `+` where the working tree differs from it; absent outside a repository. */
  readonly commit?: string;
  /** Kind and name; an emulated GPU is called one. */
  readonly device: string;
  readonly seed: number;
  /** ISO 8601, UTC. */
  readonly date: string;
}

/** One line of `--json`. */
export interface Result {
  readonly question: string;
  readonly subject: string;
  /** Median over the rounds. */
  readonly value: number;
  /** The slowest and the fastest round. */
  readonly range: readonly [low: number, high: number];
  readonly unit: string;
  /** `value` over that of the best peer; `null` where no peer was timed. */
  readonly ratioToBestPeer: number | null;
  readonly environment: Environment;
}
