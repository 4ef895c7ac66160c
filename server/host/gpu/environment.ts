import type { Gpu } from '../../../core/device/gpus.ts';
import type { ContextGpu } from '../../../shard/app/context.ts';

/** Tells a worker which GPU it has, as JSON. */
const GPU_VARIABLE = 'WARPMAP_WORKER_GPU';

/** Variables by which a process sees its GPU and no other; none of them without one. */
export function environmentOf(gpu: Gpu | undefined): Readonly<Record<string, string>> {
  if (!gpu) return { CUDA_VISIBLE_DEVICES: '', WARPMAP_DEVICE: 'cpu', [GPU_VARIABLE]: '' };
  const told = { [GPU_VARIABLE]: JSON.stringify(gpu) };
  if (gpu.kind === 'webgpu') return { ...told, WARPMAP_DEVICE: `webgpu:${gpu.index}` };
  // What the process sees of them is one, whatever its number was.
  return { ...told, CUDA_VISIBLE_DEVICES: gpu.uuid ?? String(gpu.index), WARPMAP_DEVICE: 'auto' };
}

/** The GPU that this process was given, in a worker. */
export function workerGpu(): ContextGpu | undefined {
  const told = process.env[GPU_VARIABLE];
  return told === undefined || told === '' ? undefined : (JSON.parse(told) as ContextGpu);
}
