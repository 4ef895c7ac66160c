import { Cron } from 'croner';
import type { Schedule } from '../../shard/app/schedule.ts';

/** Milliseconds after its time for which a run is late, and not missed. */
export const LATE_MS = 60_000;
/** Missed runs that are made up for, at most. */
const MAX_MISSED = 1_000;

/** The times of a schedule, milliseconds since 1970. */
export class Times {
  readonly #cron: Cron;
  readonly #missed: Schedule['missed'];

  /** Throws for a schedule that is none. */
  constructor({ pattern, timezone, missed }: Schedule) {
    this.#cron = new Cron(pattern, { timezone, mode: '5-part', paused: true });
    this.#missed = missed;
  }

  /** The first after that moment; `Infinity` if there is none. */
  after(time: number): number {
    return this.#cron.nextRun(new Date(time))?.getTime() ?? Infinity;
  }

  /** Those after `last`, up to `now`, at which the function is to be run now: all that are only late, and of the missed as asked. */
  due(last: number, now: number): number[] {
    const times = this.#newest(this.#missed === 'all' ? MAX_MISSED : 1, last, now);
    const late = times.filter((time) => time > now - LATE_MS);
    switch (this.#missed) {
      case 'skip':
        return late;
      case 'last':
        return late.length > 0 ? late : times.slice(-1);
      case 'all':
        return times.slice(-MAX_MISSED);
    }
  }

  /** Those after `last`, up to `now`; where they are many, the newest, at least `enough`. Years of minutes are not counted one by one. */
  #newest(enough: number, last: number, now: number): number[] {
    for (let span = LATE_MS; ; span *= 2) {
      const from = Math.max(last, now - span);
      const times: number[] = [];
      for (let time = this.after(from); time <= now; time = this.after(time)) times.push(time);
      if (times.length >= enough || from === last) return times;
    }
  }
}
