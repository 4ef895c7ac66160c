import type {
  BatchedOptions,
  BatchedRunOptions,
  FunctionOptions,
  GpuNeed,
  GpuRequest,
  RunOptions,
  Schema,
  SettledOptions,
  Validated,
  WorkerOptions,
} from '../../shard/app/definition.ts';
import { bytesOf } from '../../shard/app/byte-size.ts';
import { isSchema } from '../../shard/app/validate.ts';
import { requireKnown, requireNumber, resolveRetries } from '../../shard/options.ts';
import { requireVolumeName } from '../../shard/volume/names.ts';
import { FUNCTION_RETRIES } from '../../shard/retry.ts';
import { SdkError } from '../errors.ts';
import { requireSchedule } from './cron.ts';

type Names<Options> = readonly (keyof Options)[];

const WORKER_NAMES: Names<WorkerOptions> = [
  'concurrency',
  'minWorkers',
  'maxWorkers',
  'bufferWorkers',
  'scaledownWindow',
  'startupTimeout',
  'gpu',
  'maxWorkerMemory',
  'maxRunsPerWorker',
  'volumes',
];
const RUN_NAMES: Names<RunOptions & Validated<Schema>> = ['timeout', 'retries', 'schedule', 'input'];
const BATCHED_NAMES: Names<BatchedRunOptions> = ['maxBatchSize'];
const DEFAULT_BATCH = 256;
/** What a timer can wait, about 24 days. */
const MAX_TIMEOUT = 2 ** 31 - 1;

export type SettledRun = Pick<SettledOptions, 'timeout' | 'retries' | 'maxBatchSize' | 'schedule'>;
export type SettledWorkers = Omit<SettledOptions, keyof SettledRun>;

/** What is declared: a function alone has workers of its own, a method has those of its class. */
export interface Declared {
  /** For people. */
  readonly what: string;
  readonly batched: boolean;
  /** Those of the class; a function settles its own. */
  readonly workers?: SettledWorkers;
}

/** Throws `OPTION_INVALID`. */
export function settle(
  options: BatchedOptions & Partial<Validated<Schema>>,
  { what, batched, workers }: Declared,
): { readonly options: SettledOptions; readonly input: Schema | undefined } {
  const names = [...RUN_NAMES, ...(workers ? [] : WORKER_NAMES), ...(batched ? BATCHED_NAMES : [])];
  requireKnown(options, new Set(names), what);
  const { timeout, retries = {}, maxBatchSize = DEFAULT_BATCH, schedule, input } = options;
  if (timeout !== undefined) requireNumber('timeout', timeout, { above: 0, to: MAX_TIMEOUT });
  resolveRetries('retries', retries, FUNCTION_RETRIES);
  if (batched) requireNumber('maxBatchSize', maxBatchSize, { from: 1, whole: true });
  if (input !== undefined && !isSchema(input)) {
    throw new SdkError(
      'OPTION_INVALID',
      `Expected input of ${what} to be a schema, such as one of zod or valibot, got ${typeof input}`,
    );
  }
  const settled = {
    timeout,
    retries: { ...retries },
    ...(workers ?? workersOf(options)),
    maxBatchSize: batched ? maxBatchSize : undefined,
    schedule: schedule && requireSchedule(schedule),
  };
  return { options: settled, input };
}

/** Those of a class. Throws `OPTION_INVALID`. */
export function settleWorkers(options: WorkerOptions, what: string): SettledWorkers {
  requireKnown(options, new Set(WORKER_NAMES), what);
  return workersOf(options);
}

function workersOf(options: WorkerOptions): SettledWorkers {
  const { concurrency = 1, minWorkers = 0, maxWorkers = 1, bufferWorkers = 0 } = options;
  const { scaledownWindow = 60_000, startupTimeout = 300_000, maxRunsPerWorker } = options;
  const maxWorkerMemory = memoryOf(options.maxWorkerMemory);
  requireNumber('maxWorkers', maxWorkers, { from: 1, whole: true });
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
    volumes: settleVolumes(options.volumes),
  };
}

function settleVolumes(volumes: WorkerOptions['volumes'] = {}): Readonly<Record<string, string>> {
  const isRecord = typeof volumes === 'object' && volumes !== null && !Array.isArray(volumes);
  if (isRecord && Object.keys(volumes).every((mount) => /^\/[A-Za-z0-9_.\-\/]{0,63}$/v.test(mount))) {
    return Object.fromEntries(Object.entries(volumes).map(([mount, name]) => [mount, requireVolumeName(name)]));
  }
  throw new SdkError(
    'OPTION_INVALID',
    `Expected volumes to be such as {'/data': 'video-embeddings'}, each name beginning with a slash, got ${JSON.stringify(volumes)}`,
  );
}

function memoryOf(size: WorkerOptions['maxWorkerMemory']): number | undefined {
  return size === undefined ? undefined : requireBytes('maxWorkerMemory', size);
}

function requireBytes(name: string, size: unknown): number {
  const bytes = bytesOf(size);
  if (typeof bytes === 'number' && bytes > 0) return bytes;
  throw new SdkError(
    'OPTION_INVALID',
    `Expected ${name} to be bytes above 0, or a text such as 16GiB, got ${String(size)}`,
  );
}

function noMoreThan(name: string, value: number, maxWorkers: number): number {
  requireNumber(name, value, { from: 0, whole: true });
  if (value <= maxWorkers) return value;
  throw new SdkError(
    'OPTION_INVALID',
    `Expected ${name} to be at most maxWorkers, which is ${maxWorkers}, got ${value}`,
  );
}

function settleGpu(gpu: FunctionOptions['gpu']): readonly GpuNeed[] {
  if (gpu === undefined) return [];
  const requests = isList(gpu) ? gpu : [gpu];
  if (requests.length === 0) {
    throw new SdkError('OPTION_INVALID', 'Expected gpu to name at least one request; leave it out to ask for none');
  }
  return requests.map((request) => {
    if (typeof request === 'string' && request.trim() !== '') return request.trim();
    if (typeof request === 'object' && request !== null) {
      requireKnown(request, GPU_NAMES, 'gpu');
      return { memory: requireBytes('gpu.memory', request.memory) };
    }
    throw new SdkError(
      'OPTION_INVALID',
      `Expected gpu to be a name such as 'h100', or {memory: '16GiB'}, or a list of these, got ${JSON.stringify(request)}`,
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
