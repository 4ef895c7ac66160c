import { type Launcher, openLauncher } from '../../kernels/index.ts';
import type { Device } from '../device/contract.ts';
import { type Gpu, openGpu } from '../device/gpu.ts';
import { CoreError } from '../errors.ts';
import { GpuStore } from './gpu-store.ts';
import { checkStoreOptions } from './store-options.ts';
import type { Stores } from './stores.ts';

export interface GpuStoresOptions {
  /** Bytes in the largest segment, a binding each. Default, and at most: what the device can bind. */
  readonly segmentBytes?: number;
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
export function gpuStores(gpu: Gpu, { segmentBytes = Infinity }: GpuStoresOptions = {}): Stores {
  let current = { gpu, launcher: openLauncher(gpu.gpuDevice) };
  const opened = [current];

  /** The device as it is, or opened again where it was lost. */
  const alive = async (): Promise<{ readonly gpu: Gpu; readonly launcher: Launcher }> => {
    try {
      current.gpu.check();
    } catch (error) {
      if (!(error instanceof CoreError) || error.code !== 'DEVICE_LOST') throw error;
      const again = await openGpu(gpu.device);
      current = { gpu: again, launcher: openLauncher(again.gpuDevice) };
      opened.push(current);
    }
    return current;
  };

  return {
    async open(options) {
      checkStoreOptions(options);
      const { gpu: of, launcher } = await alive();
      return new GpuStore(options, { launcher, check: () => of.check(), segmentBytes });
    },
    async dispose() {
      for (const each of opened) {
        await each.launcher[Symbol.asyncDispose]();
        await each.gpu[Symbol.asyncDispose]();
      }
    },
  };
}
