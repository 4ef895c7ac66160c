import type { Gpu } from '../../../core/device/gpus.ts';

/** Tells a worker which GPU it has, as JSON. */
export const GPU_VARIABLE = 'WARPMAP_WORKER_GPU';

/** Variables by which a process sees its GPU and no other; none of them without one. */
export function environmentOf(gpu: Gpu | undefined): Readonly<Record<string, string>> {
  if (!gpu) return { CUDA_VISIBLE_DEVICES: '', WARPMAP_DEVICE: 'cpu', [GPU_VARIABLE]: '' };
  const told = { [GPU_VARIABLE]: JSON.stringify(gpu) };
  if (gpu.kind === 'webgpu') return { ...told, WARPMAP_DEVICE: `webgpu:${gpu.index}` };
  // What the process sees of them is one, whatever its number was.
  return { ...told, CUDA_VISIBLE_DEVICES: gpu.uuid ?? String(gpu.index), WARPMAP_DEVICE: 'auto' };
}
