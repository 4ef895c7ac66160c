/** What is done about runs that were due while no node was up: none of them, the last one, or all. */
export type Missed = 'skip' | 'last' | 'all';

export const MISSED: readonly Missed[] = ['skip', 'last', 'all'];

/** When a function is run by itself. */
export interface Schedule {
  /** Five fields: minute, hour, day of the month, month, day of the week. */
  readonly pattern: string;
  /** A name of the IANA time zone database, or `UTC`. */
  readonly timezone: string;
  readonly missed: Missed;
}
