import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Schedule } from '../../shard/app/schedule.ts';
import type { Clock } from '../clock.ts';
import type { Objects } from '../objects/contract.ts';
import { readObjectWhole } from '../objects/whole.ts';
import type { Runnable } from '../store/contract.ts';
import { Times } from './times.ts';

/** A function of a current version that is run by itself. */
export interface Scheduled extends Runnable {
  readonly schedule: Schedule;
}

export interface SchedulesOptions {
  readonly objects: () => Promise<Objects>;
  /** Runs the function once for the key, however often, and by however many nodes, it is asked to. */
  readonly fire: (runnable: Runnable, key: string, time: Date) => Promise<void>;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly time: () => number;
  readonly log: Logger;
}

/** Milliseconds between two looks at the time of day, which may jump. */
const LOOK_MS = 15_000;
const PREFIX = 'schedules/';
const MAX_KEY = 128;

interface Followed {
  readonly scheduled: Scheduled;
  readonly times: Times;
  /** Up to when all is done; undefined before it is known. */
  last: number | undefined;
}

/** What was done, as it is kept: of another schedule it says nothing. */
interface Mark extends Pick<Schedule, 'pattern' | 'timezone'> {
  readonly last: number;
}

/** Runs functions of deployed apps when they are due. Each node of a store does; each time is one call all the same. */
export class Schedules implements AsyncDisposable {
  readonly #options: SchedulesOptions;
  #followed: ReadonlyMap<string, Followed> = new Map();
  #timer: Disposable | undefined;
  #looking: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: SchedulesOptions) {
    this.#options = options;
  }

  /** From now on these are current, and no others. */
  follow(scheduled: readonly Scheduled[]): void {
    const followed = new Map<string, Followed>();
    for (const each of scheduled) {
      const before = this.#followed.get(each.function);
      const same = before && isSame(before.scheduled.schedule, each.schedule);
      const times =
        same && before.scheduled.schedule.missed === each.schedule.missed ? before.times : this.#timesOf(each);
      if (times) followed.set(each.function, { scheduled: each, times, last: same ? before.last : undefined });
    }
    this.#followed = followed;
    this.#timer?.[Symbol.dispose]();
    this.#look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
    await this.#looking;
  }

  #look(): void {
    this.#looking = this.#looking.then(() => this.#lookOnce());
  }

  async #lookOnce(): Promise<void> {
    if (this.#closed || this.#followed.size === 0) return;
    const { clock, time, log } = this.#options;
    this.#timer?.[Symbol.dispose]();
    let next = Infinity;
    for (const each of this.#followed.values()) {
      try {
        await this.#catchUp(each);
        next = Math.min(next, each.times.after(each.last ?? time()));
      } catch (error) {
        // Nothing is marked as done, so the next look finds it due again.
        log.warn({ err: error, function: each.scheduled.function }, 'a scheduled run could not be begun');
      }
    }
    if (this.#closed) return;
    const wait = Math.min(LOOK_MS, Math.max(0, next - time()));
    this.#timer = clock.after(wait, () => this.#look());
  }

  async #catchUp(each: Followed): Promise<void> {
    const { fire, time, log } = this.#options;
    const now = time();
    each.last ??= await this.#known(each.scheduled, now);
    if (each.times.after(each.last) > now) return;
    const runnable = runnableOf(each.scheduled);
    for (const due of each.times.due(each.last, now)) {
      const date = new Date(due);
      log.info({ function: runnable.function, due: date.toISOString() }, 'a scheduled run begins');
      await fire(runnable, keyOf(runnable.function, date), date);
    }
    await this.#mark(each.scheduled, now);
    each.last = now;
  }

  /** Until when runs were begun, by any node. A schedule that is new begins now: nothing was missed before there was one. */
  async #known(scheduled: Scheduled, now: number): Promise<number> {
    const objects = await this.#options.objects();
    const bytes = await readObjectWhole(objects, nameOf(scheduled));
    const mark = bytes && markOf(new TextDecoder().decode(bytes));
    if (mark && isSame(mark, scheduled.schedule)) return Math.min(mark.last, now);
    await this.#mark(scheduled, now);
    return now;
  }

  async #mark(scheduled: Scheduled, last: number): Promise<void> {
    const { pattern, timezone } = scheduled.schedule;
    const mark: Mark = { pattern, timezone, last };
    const objects = await this.#options.objects();
    await objects.write(nameOf(scheduled), new TextEncoder().encode(JSON.stringify(mark)));
  }

  #timesOf({ function: name, schedule }: Scheduled): Times | undefined {
    try {
      return new Times(schedule);
    } catch (error) {
      this.#options.log.error({ err: error, function: name }, 'a schedule is none, and is not followed');
      return undefined;
    }
  }
}

function nameOf({ function: name }: Scheduled): string {
  return `${PREFIX}${name}`;
}

function runnableOf({ function: name, version }: Scheduled): Runnable {
  return { function: name, ...(version !== undefined && { version }) };
}

/** That of the call, the same on every node. */
function keyOf(name: string, due: Date): string {
  const key = `cron:${name}:${due.toISOString()}`;
  if (key.length <= MAX_KEY) return key;
  return `cron:${createHash('sha256').update(name).digest('hex')}:${due.toISOString()}`;
}

function isSame(one: Pick<Schedule, 'pattern' | 'timezone'>, other: typeof one): boolean {
  return one.pattern === other.pattern && one.timezone === other.timezone;
}

function markOf(text: string): Mark | undefined {
  try {
    const mark = JSON.parse(text) as Mark;
    return typeof mark.last === 'number' ? mark : undefined;
  } catch {
    return undefined;
  }
}
