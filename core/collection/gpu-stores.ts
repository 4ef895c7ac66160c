import { type Launcher, openLauncher, type TuningStore } from '../../kernels/index.ts';
import type { Device } from '../device/contract.ts';
import { type Gpu, openGpu } from '../device/gpu.ts';
import { CoreError } from '../errors.ts';
import { tuningFolder } from '../tuning-folder.ts';
import { GpuStore } from './gpu-store.ts';
import { SearchTuning } from './search-tuning.ts';
import { checkStoreOptions } from './store-options.ts';
import type { Stores } from './stores.ts';

export interface GpuStoresOptions {
  /** Bytes in the largest segment, a binding each. Default, and at most: what the device can bind. */
  readonly segmentBytes?: number;
  /** Where it is kept which tiles searches take. Default: the cache folder, and for an emulated GPU none: the usual tiles. */
  readonly tuning?: TuningStore;
}

interface Parts {
  readonly gpu: Gpu;
  readonly launcher: Launcher;
  readonly tuning?: SearchTuning;
}

/**
 * Opens stores in the memory of a WebGPU device. Where it is lost its stores are too, and the next store opens the
 * device again. Throws what `openGpu` throws; a thread that opens an emulated GPU must have been started with
 * `env: SHARE_ENV`.
 */
export async function openGpuStores(device: Device, options?: GpuStoresOptions): Promise<Stores> {
  return gpuStores(await openGpu(device), options);
}

/** Stores on a GPU that is open, which is theirs from now on: disposing frees the memory of all stores, and the GPU. */
export function gpuStores(gpu: Gpu, { segmentBytes = Infinity, tuning }: GpuStoresOptions = {}): Stores {
  const kept = tuning ?? (gpu.device.software ? undefined : tuningFolder());
  const partsOf = (of: Gpu): Parts => {
    const launcher = openLauncher(of.gpuDevice);
    return { gpu: of, launcher, ...(kept && { tuning: new SearchTuning(launcher, { store: kept }) }) };
  };
  let current = partsOf(gpu);
  const opened = [current];

  /** The device as it is, or opened again where it was lost. */
  const alive = async (): Promise<Parts> => {
    try {
      current.gpu.check();
    } catch (error) {
      if (!(error instanceof CoreError) || error.code !== 'DEVICE_LOST') throw error;
      current = partsOf(await openGpu(gpu.device));
      opened.push(current);
    }
    return current;
  };

  return {
    async open(options) {
      checkStoreOptions(options);
      const { gpu: of, ...parts } = await alive();
      return new GpuStore(options, { ...parts, check: () => of.check(), segmentBytes });
    },
    async dispose() {
      for (const each of opened) {
        await each.tuning?.end();
        await each.launcher[Symbol.asyncDispose]();
        await each.gpu[Symbol.asyncDispose]();
      }
    },
  };
}
