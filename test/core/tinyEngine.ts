import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findDevices } from '../../core/device/index.ts';
import { assembleEngine, type DeviceEngine } from '../../core/engine.ts';
import { findRuntime } from '../../core/runtime/index.ts';
import { readModelFolder } from '../../models/spec/index.ts';
import { type TinyModelOptions, writeTinyModel } from '../fixtures/tinyModel.ts';

/** A folder of the tiny model that is gone with its owner. */
export async function tinyFolder(options?: TinyModelOptions): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'warpmap-tiny-'));
  await writeTinyModel(path, options);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

export interface TinyEngineOptions extends TinyModelOptions {
  readonly tokenBudget?: number;
}

/** A real engine on the CPU over the tiny model in `folder`. */
export async function openTinyEngine(
  folder: string,
  { tokenBudget = 512 }: TinyEngineOptions = {},
): Promise<DeviceEngine> {
  const [finding] = await findDevices({ kinds: ['cpu'] });
  if (finding?.status !== 'found') throw new TypeError('expected every machine to have a CPU');
  return assembleEngine({
    model: await readModelFolder(folder, { name: 'tiny' }),
    device: finding.device,
    runtime: findRuntime('onnx'),
    threads: 1,
    limits: { tokenBudget, maxRows: 64, maxPadding: 0.25 },
  });
}
