import type { Device } from '../device/contract.ts';
import type { StoreOptions, VectorStore } from './contract.ts';
import { HostStore } from './host-store.ts';

/** Opens stores on one device. */
export interface Stores {
  /** Throws `OPTION_INVALID` for a type and a metric that don't go together or that the device does not serve. */
  open(options: StoreOptions): Promise<VectorStore>;
  dispose(): void | Promise<void>;
}

export interface StoresOptions {
  readonly device: Device;
  /** Cores that a product on the CPU may use. */
  readonly threads: number;
}

/** The kind of store that serves a device: host memory beside CUDA and the CPU, GPU memory for WebGPU. */
export async function openStores({ device, threads }: StoresOptions): Promise<Stores> {
  if (device.kind === 'webgpu') {
    const { openGpuStores } = await import('./gpu-stores.ts');
    return openGpuStores(device);
  }
  const accelerator = device.kind === 'cuda' ? device : undefined;
  return { open: async (options) => new HostStore(options, { threads, accelerator }), dispose: () => {} };
}
