import { KernelError } from '../errors.ts';
import { guarded } from '../launch/guard.ts';

/** GPUBufferUsage, which is no global in Node. */
export const Usage = {
  mapRead: 0x1,
  copySource: 0x4,
  copyDestination: 0x8,
  storage: 0x80,
  queryResolve: 0x200,
} as const;

/** Makes a buffer within the device's limits. Throws `BUFFER_TOO_LARGE`, or `OUT_OF_MEMORY` where there is no room. */
export async function createBuffer(device: GPUDevice, bytes: number, usage: number): Promise<GPUBuffer> {
  const limit = sizeLimit(device);
  if (!Number.isInteger(bytes) || bytes < 0) {
    throw new KernelError('INPUT_INVALID', `Expected a size in bytes, an integer from 0 up; got ${bytes}.`);
  }
  if (bytes > limit) {
    throw new KernelError(
      'BUFFER_TOO_LARGE',
      `Expected at most ${limit} bytes in one buffer on this device; got ${bytes}. Split the work into smaller batches.`,
    );
  }
  const size = Math.max(4, Math.ceil(bytes / 4) * 4);
  const { result: buffer, verdict } = guarded(device, `A buffer of ${size} bytes`, () =>
    device.createBuffer({ size, usage }),
  );
  const failure = await verdict;
  if (failure === undefined) return buffer;
  buffer.destroy();
  throw failure;
}

/** Bytes that fit into one buffer and one binding; all of it can be bound. */
export function sizeLimit({ limits }: GPUDevice): number {
  const limit = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  return limit - (limit % 4);
}
