import { createRequire } from 'node:module';
import { MISSED, type Missed, type Schedule } from '../../shard/app/schedule.ts';
import { requireKnown } from '../../shard/options.ts';
import { SdkError } from '../errors.ts';

export interface CronOptions {
  /** A name of the IANA time zone database, such as `Europe/Berlin`. Default: `UTC`. */
  readonly timezone?: string;
  /** What is done about runs that were due while no node was up: `skip`, `last` or `all`. Default: `last`. */
  readonly missed?: Missed;
}

const NAMES: ReadonlySet<string> = new Set<keyof CronOptions>(['timezone', 'missed']);

/**
 * A schedule of five fields (minute, hour, day of the month, month, day of the week), for the option `schedule` of a
 * function: `cron('0 3 * * *', { timezone: 'Europe/Berlin' })`. Throws `OPTION_INVALID`.
 */
export function cron(pattern: string, options: CronOptions = {}): Schedule {
  requireKnown(options, NAMES, 'cron');
  return requireSchedule({ pattern, timezone: options.timezone ?? 'UTC', missed: options.missed ?? 'last' });
}

/** Throws `OPTION_INVALID` for what no node could follow. */
export function requireSchedule({ pattern, timezone, missed }: Schedule): Schedule {
  if (!MISSED.includes(missed)) {
    throw invalid(`Expected missed to be one of ${MISSED.join(', ')}, got ${JSON.stringify(missed)}`);
  }
  // With the first schedule: the workers of every app load this file.
  const { Cron } = createRequire(import.meta.url)('croner') as typeof import('croner');
  let next: Date | null;
  try {
    next = new Cron(pattern, { timezone, mode: '5-part', paused: true }).nextRun();
  } catch (error) {
    throw invalid(
      `Expected a schedule of five fields and a time zone, got ${JSON.stringify(pattern)} in ${JSON.stringify(timezone)}: ${(error as Error).message}`,
    );
  }
  if (next) return { pattern, timezone, missed };
  throw invalid(`The schedule ${JSON.stringify(pattern)} never comes`);
}

function invalid(message: string): SdkError {
  return new SdkError('OPTION_INVALID', message);
}
