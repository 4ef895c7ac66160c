import { systemClock } from './clock.ts';
import type { Clock } from './contract.ts';
import { ShardError } from './errors.ts';
import { HEDGE, type HedgePolicy } from './hedging.ts';
import { FUNCTION_RETRIES, LANE_RETRIES, type RetryPolicy } from './retry.ts';

/** What is known of a map at one moment. All counts are of inputs. */
export interface PumpProgress {
  /** Inputs whose output has arrived. */
  readonly done: number;
  /** Inputs that failed for good. */
  readonly failed: number;
  /** Inputs tried again because the function failed on them or on their batch, counted each time. */
  readonly retried: number;
  /** Inputs sent again because a lane was lost, busy or at fault, counted each time. */
  readonly resent: number;
  /** Inputs sent to a second lane because the first took too long over them. */
  readonly hedged: number;
  /** Names of the lanes that are running batches. */
  readonly lanes: readonly string[];
}

/** A range of inputs that belongs to one lane. */
export interface Home {
  /** Name of the lane. */
  readonly lane: string;
  /** Position after the last input of the range. */
  readonly end: number;
}

export interface PumpOptions {
  /** Yield outputs in the order of their inputs, or as they complete. Default: `true`. */
  readonly ordered?: boolean;
  /** Yield an `InputError` in the place of an output that failed, in place of ending the map. Default: `false`. */
  readonly returnErrors?: boolean;
  /** Milliseconds that one batch should take. A number above 0; default 250. */
  readonly batchMilliseconds?: number;
  /** Inputs in the first batch to each lane. A whole number of 1 or more; default 16. */
  readonly initialBatchSize?: number;
  /** Inputs in any batch. A whole number of 1 or more; default 4096. */
  readonly maxBatchSize?: number;
  /** Estimated bytes of inputs in any batch of more than one. A number of 1 or more; default 8 MiB. */
  readonly maxBatchBytes?: number;
  /** Inputs that are read but whose outputs are not yet taken. A whole number of 1 or more; default 32768. */
  readonly window?: number;
  /** Estimated bytes of outputs waiting to be taken above which no more is sent. 1 or more; default 128 MiB. */
  readonly windowBytes?: number;
  /** Milliseconds a started batch waits for a slow source. A number of 0 or more; default 5. */
  readonly linger?: number;
  /** Retries of inputs for which the function failed. Default: none. */
  readonly retries?: Partial<RetryPolicy>;
  /** How often a batch is sent again whose lane was lost, and how long a lane that failed is left alone. */
  readonly laneRetries?: Partial<RetryPolicy>;
  /**
   * Whether a batch that takes too long is sent to an idle lane as well; the first answer wins. So the function may run
   * twice on an input. Default: `true`, which is `{ factor: 3, minDelay: 1000, budget: 0.05 }`.
   */
  readonly hedge?: boolean | Partial<HedgePolicy>;
  /** Milliseconds without any answer after which busy lanes, or the lack of any, are put up with no more. A number above 0; default 300000. */
  readonly patience?: number;
  /**
   * Asked for the position of an input in the map: the lane that should run this input and those up to, not including,
   * `end`, because it has something that others lack. They go there as long as the lane is well, and then anywhere.
   * Default: all inputs go to whichever lane is free.
   */
  readonly homeOf?: (index: number) => Home | undefined;
  /** Ends the map with the signal's reason, and cancels it on all lanes. */
  readonly signal?: AbortSignal;
  /** Called whenever the counts have changed, at most once per answer of a lane. Must not throw. */
  readonly onProgress?: (progress: PumpProgress) => void;
  /** Called once after a map that has begun has ended, however it did. Must not throw. */
  readonly onEnd?: () => void;
  readonly clock?: Clock;
  /** Numbers in [0, 1) for jitter. Default: `Math.random`. */
  readonly random?: () => number;
}

export interface PumpSettings {
  readonly ordered: boolean;
  readonly returnErrors: boolean;
  readonly batchMilliseconds: number;
  readonly initialBatchSize: number;
  readonly maxBatchSize: number;
  readonly maxBatchBytes: number;
  readonly window: number;
  readonly windowBytes: number;
  readonly linger: number;
  readonly retries: RetryPolicy;
  readonly laneRetries: RetryPolicy;
  readonly hedge: HedgePolicy | undefined;
  readonly patience: number;
  readonly homeOf: ((index: number) => Home | undefined) | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: PumpProgress) => void) | undefined;
  readonly onEnd: (() => void) | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

const NAMES: ReadonlySet<string> = new Set<keyof PumpOptions>([
  'ordered',
  'returnErrors',
  'batchMilliseconds',
  'initialBatchSize',
  'maxBatchSize',
  'maxBatchBytes',
  'window',
  'windowBytes',
  'linger',
  'retries',
  'laneRetries',
  'hedge',
  'patience',
  'homeOf',
  'signal',
  'onProgress',
  'onEnd',
  'clock',
  'random',
]);

/** Fills in defaults. Throws `OPTION_INVALID` for values out of their domain and for unknown names. */
export function resolveOptions(options: PumpOptions): PumpSettings {
  requireKnown(options, NAMES, 'map');
  const number = (name: keyof PumpOptions, fallback: number, domain: Domain): number =>
    requireNumber(name, options[name] ?? fallback, domain);
  return {
    ordered: requireBoolean('ordered', options.ordered ?? true),
    returnErrors: requireBoolean('returnErrors', options.returnErrors ?? false),
    batchMilliseconds: number('batchMilliseconds', 250, { above: 0 }),
    initialBatchSize: number('initialBatchSize', 16, { from: 1, whole: true }),
    maxBatchSize: number('maxBatchSize', 4096, { from: 1, whole: true }),
    maxBatchBytes: number('maxBatchBytes', 8 * 2 ** 20, { from: 1 }),
    window: number('window', 32_768, { from: 1, whole: true }),
    windowBytes: number('windowBytes', 128 * 2 ** 20, { from: 1 }),
    linger: number('linger', 5, { from: 0 }),
    retries: resolveRetries('retries', options.retries, FUNCTION_RETRIES),
    laneRetries: resolveRetries('laneRetries', options.laneRetries, LANE_RETRIES),
    hedge: resolveHedge(options.hedge ?? true),
    patience: number('patience', 300_000, { above: 0 }),
    homeOf: options.homeOf,
    signal: options.signal,
    onProgress: options.onProgress,
    onEnd: options.onEnd,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}

/** The policy with the defaults of `fallback`. Throws `OPTION_INVALID`. */
export function resolveRetries(
  name: string,
  given: Partial<RetryPolicy> | undefined,
  fallback: RetryPolicy,
): RetryPolicy {
  const policy = { ...fallback, ...given };
  requireKnown(policy, new Set(Object.keys(fallback)), name);
  requireNumber(`${name}.maxRetries`, policy.maxRetries, { from: 0, whole: true });
  requireNumber(`${name}.initialDelay`, policy.initialDelay, { from: 0 });
  requireNumber(`${name}.backoffCoefficient`, policy.backoffCoefficient, { from: 1 });
  requireNumber(`${name}.maxDelay`, policy.maxDelay, { from: 0 });
  requireNumber(`${name}.jitter`, policy.jitter, { from: 0, to: 1 });
  return policy;
}

function resolveHedge(given: boolean | Partial<HedgePolicy>): HedgePolicy | undefined {
  if (typeof given === 'boolean') return given ? HEDGE : undefined;
  const policy = { ...HEDGE, ...given };
  requireKnown(policy, new Set(Object.keys(HEDGE)), 'hedge');
  requireNumber('hedge.factor', policy.factor, { from: 1 });
  requireNumber('hedge.minDelay', policy.minDelay, { from: 0 });
  requireNumber('hedge.budget', policy.budget, { from: 0, to: 1 });
  return policy;
}

export interface Domain {
  readonly from?: number;
  readonly above?: number;
  readonly to?: number;
  readonly whole?: boolean;
}

export function requireNumber(name: string, value: unknown, domain: Domain): number {
  const good =
    typeof value === 'number' &&
    !(domain.from !== undefined && !(value >= domain.from)) &&
    !(domain.above !== undefined && !(value > domain.above)) &&
    !(domain.to !== undefined && !(value <= domain.to)) &&
    (!domain.whole || Number.isSafeInteger(value));
  if (good) return value;
  const kind = domain.whole ? 'a whole number' : 'a number';
  const least = domain.above === undefined ? `of ${domain.from ?? 0} or more` : `above ${domain.above}`;
  const most = domain.to === undefined ? '' : ` and at most ${domain.to}`;
  throw new ShardError('OPTION_INVALID', `Expected ${name} to be ${kind} ${least}${most}, got ${shown(value)}`);
}

export function requireBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new ShardError('OPTION_INVALID', `Expected ${name} to be true or false, got ${shown(value)}`);
}

/** A misspelt option must not be ignored in silence. Throws `OPTION_INVALID`, also for what is no object of options. */
export function requireKnown(options: object, known: ReadonlySet<string>, what: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ShardError('OPTION_INVALID', `Expected the options of ${what} to be an object, got ${shown(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!known.has(name)) {
      throw new ShardError('OPTION_INVALID', `Unknown option ${name} of ${what}; known are ${[...known].join(', ')}`);
    }
  }
}

/** A value as a message shows it: a text in quotes, so that "5" is not 5, and what has parts by its kind alone. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
