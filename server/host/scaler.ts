import type { Scaling } from '../../shard/app/scaling.ts';

/** What the workers of a function do at one moment. */
export interface Load {
  /** Milliseconds, as all moments here. */
  readonly now: number;
  readonly busy: number;
  /** Since when each idle worker is idle. */
  readonly idle: readonly number[];
  readonly starting: number;
  /** How many workers what waits could keep busy. */
  readonly waiting: number;
  /** When something last ran or waited. */
  readonly usedAt: number;
}

export interface Plan {
  /** Workers to start. */
  readonly start: number;
  /** Idle workers to end, those that are idle for longest. */
  readonly end: number;
  /** Milliseconds after which time alone changes the plan, if it ever does. */
  readonly again: number | undefined;
}

/** As many workers as have work, and those that are kept for more; what is idle beyond that ends after the window. */
export function plan(scaling: Scaling, load: Load): Plan {
  const { minWorkers, maxWorkers, bufferWorkers, scaledownWindow } = scaling;
  const { now, busy, idle, starting, waiting, usedAt } = load;
  const working = busy + waiting > 0;
  const inUse = working || now - usedAt < scaledownWindow;
  const wanted = Math.min(maxWorkers, Math.max(minWorkers, busy + waiting + (inUse ? bufferWorkers : 0)));
  const there = busy + idle.length + starting;
  const ends = idle.map((since) => since + scaledownWindow).toSorted((one, other) => one - other);
  const surplus = Math.min(idle.length, Math.max(0, there - wanted));
  // The function may have been allowed fewer at run time.
  const excess = Math.min(surplus, Math.max(0, there - maxWorkers));
  const end = Math.max(excess, ends.slice(0, surplus).filter((at) => at <= now).length);
  const next = [
    ...ends.slice(end, surplus),
    ...(inUse && !working && bufferWorkers > 0 ? [usedAt + scaledownWindow] : []),
  ];
  return {
    start: Math.max(0, wanted - there),
    end,
    again: next.length === 0 ? undefined : Math.max(0, Math.min(...next) - now),
  };
}
