import { ShardError } from '../errors.ts';
import { type Domain, requireKnown, requireNumber } from '../options.ts';

/** How many workers a function has on a node; domains are those of its options of the same names. */
export interface Scaling {
  /** Kept whether there is work or not. */
  readonly minWorkers: number;
  readonly maxWorkers: number;
  /** Idle ones kept beside those that are busy, while the function is in use. */
  readonly bufferWorkers: number;
  /** Milliseconds after which an idle worker that is not wanted ends. */
  readonly scaledownWindow: number;
}

/** What a timer can wait, about 24 days. */
const MAX_WINDOW = 2 ** 31 - 1;

const DOMAINS: { readonly [Name in keyof Scaling]: Domain } = {
  minWorkers: { from: 0, whole: true },
  maxWorkers: { from: 1, whole: true },
  bufferWorkers: { from: 0, whole: true },
  scaledownWindow: { from: 0, to: MAX_WINDOW },
};
const NAMES: ReadonlySet<string> = new Set(Object.keys(DOMAINS));

/** The scaling with some of it changed. Throws `OPTION_INVALID`. */
export function changeScaling(scaling: Scaling, changes: Partial<Scaling>): Scaling {
  requireKnown(changes, NAMES, 'the autoscaler');
  const changed = { ...scaling, ...changes };
  for (const [name, domain] of Object.entries(DOMAINS)) requireNumber(name, changed[name as keyof Scaling], domain);
  const { maxWorkers } = changed;
  for (const name of ['minWorkers', 'bufferWorkers'] as const) {
    if (changed[name] <= maxWorkers) continue;
    throw new ShardError(
      'OPTION_INVALID',
      `Expected ${name} to be at most maxWorkers, which is ${maxWorkers}, got ${changed[name]}`,
    );
  }
  return changed;
}
