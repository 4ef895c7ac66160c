import { systemClock } from '../../shard/clock.ts';
import type { MapProgress } from '../contract.ts';
import { type Display, Reporter } from '../progress/reporter.ts';
import { count, duration, perSecond, terminalDisplay } from '../progress/terminal.ts';

/** How far an upload is. */
export interface SpawnProgress {
  /** Inputs that are durable. */
  readonly uploaded: number;
  /** Inputs in all, where known. */
  readonly total?: number;
  /** Inputs a second, of late. */
  readonly rate: number;
  /** Where the total is known. */
  readonly etaSeconds?: number;
}

export interface UploadObserved {
  readonly total: number | undefined;
  readonly progress: boolean | undefined;
  readonly onProgress: ((progress: SpawnProgress) => void) | undefined;
}

const INTERVAL = 100;

/** Shows an upload as it is asked for. */
export class UploadReport {
  readonly #reporter: Reporter | undefined;
  #uploaded = 0;

  constructor({ total, progress, onProgress }: UploadObserved) {
    const displays: Display[] = [];
    if (onProgress) {
      const tell = (state: MapProgress): void => onProgress(uploadOf(state));
      displays.push({ interval: INTERVAL, update: tell, finish: tell });
    }
    if (progress === true) displays.push(terminalDisplay(process.stderr, describe));
    this.#reporter = displays.length === 0 ? undefined : new Reporter(systemClock, total, displays);
  }

  readonly count = (uploaded: number): void => {
    this.#uploaded = uploaded;
    this.#reporter?.count(countsOf(uploaded));
  };

  finish(): void {
    // What was last counted may not have been due to be shown.
    this.#reporter?.count(countsOf(this.#uploaded));
    this.#reporter?.finish();
  }
}

function countsOf(uploaded: number): Parameters<Reporter['count']>[0] {
  return { done: uploaded, failed: 0, retried: 0, resent: 0, hedged: 0, lanes: [] };
}

function uploadOf({ done, total, rate, etaSeconds }: MapProgress): SpawnProgress {
  return {
    uploaded: done,
    rate,
    ...(total !== undefined && { total }),
    ...(etaSeconds !== undefined && { etaSeconds }),
  };
}

/** Such as `1,024/5,000 uploaded, 812/s, 5s left`. */
function describe({ done, total, rate, etaSeconds }: MapProgress): string {
  const parts = [`${count(done)}${total === undefined ? '' : `/${count(total)}`} uploaded`, perSecond(rate)];
  if (etaSeconds !== undefined && etaSeconds > 0) parts.push(`${duration(etaSeconds)} left`);
  return parts.join(', ');
}
