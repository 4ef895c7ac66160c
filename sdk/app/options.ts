import { requireKnown, requireNumber, resolveRetries } from '../../shard/options.ts';
import type { BatchedOptions, FunctionOptions, SettledOptions } from '../../shard/app/definition.ts';
import { FUNCTION_RETRIES } from '../../shard/retry.ts';
import { SdkError } from '../errors.ts';

const NAMES: readonly (keyof FunctionOptions)[] = ['timeout', 'retries', 'concurrency', 'maxWorkers'];
const FUNCTION_NAMES: ReadonlySet<string> = new Set(NAMES);
const BATCHED_NAMES: ReadonlySet<string> = new Set<keyof BatchedOptions>([...NAMES, 'maxBatchSize']);
const DEFAULT_BATCH = 256;
/** What a timer can wait, about 24 days. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/** Throws `OPTION_INVALID`. */
export function settleFunction(options: FunctionOptions, what: string): SettledOptions {
  requireKnown(options, FUNCTION_NAMES, what);
  return settle(options, undefined);
}

/** Throws `OPTION_INVALID`. */
export function settleBatched(options: BatchedOptions, what: string): SettledOptions {
  requireKnown(options, BATCHED_NAMES, what);
  const { maxBatchSize = DEFAULT_BATCH } = options;
  return settle(options, requireNumber('maxBatchSize', maxBatchSize, { from: 1, whole: true }));
}

function settle(options: FunctionOptions, maxBatchSize: number | undefined): SettledOptions {
  const { timeout, retries = {}, concurrency = 1, maxWorkers = 1 } = options;
  if (timeout !== undefined) requireNumber('timeout', timeout, { above: 0, to: MAX_TIMEOUT });
  resolveRetries('retries', retries, FUNCTION_RETRIES);
  return {
    timeout,
    retries: { ...retries },
    concurrency: requireNumber('concurrency', concurrency, { from: 1, whole: true }),
    maxWorkers: requireNumber('maxWorkers', maxWorkers, { from: 1, whole: true }),
    maxBatchSize,
  };
}

/** Names travel in paths, labels and logs. Throws `OPTION_INVALID`. */
export function requireName(name: unknown, what: string): string {
  if (typeof name === 'string' && /^[A-Za-z][A-Za-z0-9_.-]{0,62}$/.test(name)) return name;
  throw new SdkError(
    'OPTION_INVALID',
    `Expected the name of ${what} to be a letter and up to 62 letters, digits, \`_\`, \`.\` or \`-\`, got ${JSON.stringify(name)}`,
  );
}
