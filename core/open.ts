import { availableParallelism } from 'node:os';
import { type DownloadProgress, resolveModel } from '../models/source/index.ts';
import { shown } from '../shard/options.ts';
import type { Engine } from './contract.ts';
import type { Device, DeviceRequest } from './device/contract.ts';
import { resolveDevice } from './device/index.ts';
import { assembleEngine } from './engine.ts';
import { CoreError } from './errors.ts';
import type { RuntimeName } from './runtime/contract.ts';
import { chooseRuntime, findRuntime } from './runtime/index.ts';

/** The model that is opened when none is named. */
export const DEFAULT_MODEL = 'all-MiniLM-L6-v2';

export interface EngineOptions {
  /** A known name, a folder, or `organisation/name[@revision]` on the hub. Default: `WARPMAP_MODEL`, else `all-MiniLM-L6-v2`. */
  readonly model?: string;
  /** Default: `WARPMAP_DEVICE`, else `auto`: the first real GPU, else the CPU. */
  readonly device?: DeviceRequest;
  /** Default: the first that can run the model on the device. */
  readonly runtime?: RuntimeName;
  /** Cores for inference on a CPU. An integer from 1 up. Default: all. */
  readonly threads?: number;
  /** Called as the bytes of a model arrive that is not on this machine yet. */
  readonly onDownload?: (progress: DownloadProgress) => void;
  /** Gives up opening, with the signal's reason; what was downloaded is kept. */
  readonly signal?: AbortSignal;
  /** Most tokens of one padded batch. An integer from 1 up. Default: by device. */
  readonly tokenBudget?: number;
}

const OPTIONS: readonly (keyof EngineOptions)[] = [
  'model',
  'device',
  'runtime',
  'threads',
  'tokenBudget',
  'onDownload',
  'signal',
];

/**
 * Finds a device and a model, loads the one onto the other, and answers the engine that owns both.
 *
 * Throws `DEVICE_NOT_FOUND`, `MODEL_NOT_FOUND` or `RUNTIME_UNAVAILABLE` with what was tried and what to do.
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  checkOptions(options);
  const { threads = availableParallelism(), onDownload, signal } = options;
  signal?.throwIfAborted();
  const [device, model] = await Promise.all([
    resolveDevice(options.device),
    resolveModel(options.model ?? (process.env['WARPMAP_MODEL'] || DEFAULT_MODEL), {
      ...(onDownload && { onProgress: onDownload }),
      ...(signal && { signal }),
    }),
  ]);
  signal?.throwIfAborted();
  const runtime = options.runtime === undefined ? await chooseRuntime(device, model) : findRuntime(options.runtime);
  const limits = { ...limitsOf(device), ...(options.tokenBudget && { tokenBudget: options.tokenBudget }) };
  return assembleEngine({ model, device, runtime, threads, limits });
}

/** A GPU wants many tokens at once; a CPU wants its activations in cache, and pays for padding as for any token. */
function limitsOf(device: Device): { tokenBudget: number; maxRows: number; maxPadding: number } {
  return device.kind === 'cpu' || device.software
    ? { tokenBudget: 512, maxRows: 256, maxPadding: 0.02 }
    : { tokenBudget: 65_536, maxRows: 2048, maxPadding: 0.1 };
}

function checkOptions(options: EngineOptions): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new CoreError(
      'OPTION_INVALID',
      `expected the options to be an object such as { device: 'cpu' }, got ${shown(options)}`,
    );
  }
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name as keyof EngineOptions)) {
      throw new CoreError('OPTION_INVALID', `unknown option \`${name}\`; the options are ${OPTIONS.join(', ')}`);
    }
  }
  for (const name of ['threads', 'tokenBudget'] as const) {
    const value = options[name];
    if (value !== undefined && (!Number.isInteger(value) || value < 1)) {
      throw new CoreError('OPTION_INVALID', `expected \`${name}\` to be an integer from 1 up, got ${String(value)}`);
    }
  }
}
