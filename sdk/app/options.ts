import type {
  BatchedOptions,
  FunctionOptions,
  GpuRequest,
  SettledOptions,
  WorkerOptions,
} from '../../shard/app/definition.ts';
import { requireKnown, requireNumber, resolveRetries } from '../../shard/options.ts';
import { FUNCTION_RETRIES } from '../../shard/retry.ts';
import { SdkError } from '../errors.ts';

const WORKER_NAMES: readonly (keyof WorkerOptions)[] = [
  'concurrency',
  'minWorkers',
  'maxWorkers',
  'bufferWorkers',
  'scaledownWindow',
  'startupTimeout',
  'gpu',
  'maxWorkerMemory',
  'maxRunsPerWorker',
];
const NAMES: readonly (keyof FunctionOptions)[] = ['timeout', 'retries', ...WORKER_NAMES];
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
  const { timeout, retries = {} } = options;
  if (timeout !== undefined) requireNumber('timeout', timeout, { above: 0, to: MAX_TIMEOUT });
  resolveRetries('retries', retries, FUNCTION_RETRIES);
  return { timeout, retries: { ...retries }, ...settleWorkers(options), maxBatchSize };
}

function settleWorkers(options: WorkerOptions): Omit<SettledOptions, 'timeout' | 'retries' | 'maxBatchSize'> {
  const { concurrency = 1, minWorkers = 0, maxWorkers = 1, bufferWorkers = 0 } = options;
  const { scaledownWindow = 60_000, startupTimeout = 300_000, maxWorkerMemory, maxRunsPerWorker } = options;
  requireNumber('maxWorkers', maxWorkers, { from: 1, whole: true });
  if (maxWorkerMemory !== undefined) requireNumber('maxWorkerMemory', maxWorkerMemory, { above: 0 });
  if (maxRunsPerWorker !== undefined) requireNumber('maxRunsPerWorker', maxRunsPerWorker, { from: 1, whole: true });
  return {
    concurrency: requireNumber('concurrency', concurrency, { from: 1, whole: true }),
    minWorkers: noMoreThan('minWorkers', minWorkers, maxWorkers),
    maxWorkers,
    bufferWorkers: noMoreThan('bufferWorkers', bufferWorkers, maxWorkers),
    scaledownWindow: requireNumber('scaledownWindow', scaledownWindow, { from: 0, to: MAX_TIMEOUT }),
    startupTimeout: requireNumber('startupTimeout', startupTimeout, { above: 0, to: MAX_TIMEOUT }),
    gpu: settleGpu(options.gpu),
    maxWorkerMemory,
    maxRunsPerWorker,
  };
}

function noMoreThan(name: string, value: number, maxWorkers: number): number {
  requireNumber(name, value, { from: 0, whole: true });
  if (value <= maxWorkers) return value;
  throw new SdkError(
    'OPTION_INVALID',
    `Expected ${name} to be at most maxWorkers, which is ${maxWorkers}, got ${value}`,
  );
}

function settleGpu(gpu: FunctionOptions['gpu']): readonly GpuRequest[] {
  if (gpu === undefined) return [];
  const requests = isList(gpu) ? gpu : [gpu];
  if (requests.length === 0) {
    throw new SdkError('OPTION_INVALID', 'Expected gpu to name at least one request; leave it out to ask for none');
  }
  return requests.map((request) => {
    if (typeof request === 'string' && request.trim() !== '') return request.trim();
    if (typeof request === 'object' && request !== null) {
      requireKnown(request, GPU_NAMES, 'gpu');
      return { memory: requireNumber('gpu.memory', request.memory, { above: 0 }) };
    }
    throw new SdkError(
      'OPTION_INVALID',
      `Expected gpu to be a name such as 'h100', or {memory: bytes}, or a list of these, got ${JSON.stringify(request)}`,
    );
  });
}

const GPU_NAMES: ReadonlySet<string> = new Set(['memory']);

function isList(gpu: GpuRequest | readonly GpuRequest[]): gpu is readonly GpuRequest[] {
  return Array.isArray(gpu);
}

/** Names travel in paths, labels and logs. Throws `OPTION_INVALID`. */
export function requireName(name: unknown, what: string): string {
  if (typeof name === 'string' && /^[A-Za-z][A-Za-z0-9_.-]{0,62}$/.test(name)) return name;
  throw new SdkError(
    'OPTION_INVALID',
    `Expected the name of ${what} to be a letter and up to 62 letters, digits, \`_\`, \`.\` or \`-\`, got ${JSON.stringify(name)}`,
  );
}
