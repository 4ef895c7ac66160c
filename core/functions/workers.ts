import type { Scaling } from '../../shard/app/scaling.ts';
import type { FunctionStats } from '../../shard/app/stats.ts';

/** The processes that run a function, or several functions that share them. */
export interface HostedWorkers {
  readonly stats: FunctionStats;
  readonly scaling: Scaling;
  /** Inputs that all of them can have running, once they are as many as they may be. */
  readonly capacity: number;
  /** Changes how many there are, from now on. Throws `OPTION_INVALID`. */
  scale(changes: Partial<Scaling>): void;
}
