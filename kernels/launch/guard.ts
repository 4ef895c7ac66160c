import { KernelError } from '../errors.ts';

/**
 * Calls into the device with error scopes around. Scopes are one stack for the whole device, so `work` must not wait:
 * what is pushed is popped in the same turn of the event loop, and the verdict arrives later.
 */
export function guarded<Result>(
  device: GPUDevice,
  what: string,
  work: () => Result,
): { readonly result: Result; readonly verdict: Promise<KernelError | undefined> } {
  device.pushErrorScope('internal');
  device.pushErrorScope('validation');
  device.pushErrorScope('out-of-memory');
  let memory: Promise<GPUError | null>;
  let validation: Promise<GPUError | null>;
  let internal: Promise<GPUError | null>;
  let result: Result;
  try {
    result = work();
  } finally {
    memory = device.popErrorScope();
    validation = device.popErrorScope();
    internal = device.popErrorScope();
  }
  return { result, verdict: judge(what, memory, validation, internal) };
}

async function judge(
  what: string,
  memory: Promise<GPUError | null>,
  validation: Promise<GPUError | null>,
  internal: Promise<GPUError | null>,
): Promise<KernelError | undefined> {
  try {
    const [noMemory, invalid, failed] = await Promise.all([memory, validation, internal]);
    if (noMemory !== null) {
      return new KernelError(
        'OUT_OF_MEMORY',
        `${what}: the device is out of memory (${noMemory.message.trim()}). Use smaller batches, or a device with more memory.`,
      );
    }
    const error = invalid ?? failed;
    if (error !== null) {
      return new KernelError('DISPATCH_INVALID', `${what}: the device refused it: ${error.message.trim()}`);
    }
    return undefined;
  } catch (error) {
    return lost(what, error);
  }
}

export function lost(what: string, cause?: unknown): KernelError {
  return new KernelError('DEVICE_LOST', `${what}: the device was lost. Open it again to go on.`, { cause });
}
