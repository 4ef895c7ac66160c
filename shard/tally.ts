import type { PumpProgress } from './options.ts';

/** What a map has counted so far; all counts are of inputs. */
export class Tally {
  done = 0;
  failed = 0;
  retried = 0;
  resent = 0;
  hedged = 0;

  read(lanes: readonly string[]): PumpProgress {
    const { done, failed, retried, resent, hedged } = this;
    return { done, failed, retried, resent, hedged, lanes };
  }
}
