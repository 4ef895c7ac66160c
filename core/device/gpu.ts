import { CoreError } from '../errors.ts';
import type { Device } from './contract.ts';
import { createDawn, type Dawn } from './dawn.ts';
import { installSwiftShader } from './swiftshader.ts';
import { isSwiftShader, WANTED_FEATURES } from './webgpu.ts';

export interface OpenGpuOptions {
  /** Called with each GPU error that no error scope caught. The first of them is also thrown by `check()`. */
  readonly onError?: (error: CoreError) => void;
}

/** The owner of one Dawn device. Disposing destroys it and waits until the driver has let go. */
export interface Gpu extends AsyncDisposable {
  readonly device: Device;
  readonly gpuDevice: GPUDevice;
  readonly adapterInfo: GPUAdapterInfo;
  /**
   * Settles when the GPU is gone: with `DEVICE_LOST` where it was lost or destroyed by someone else, and with
   * `DISPOSED` after disposal. Never rejects.
   */
  readonly lost: Promise<CoreError>;
  /** Throws why results can no longer be trusted: the loss, or the first error that no scope caught. */
  check(): void;
}

const OPTIONS: readonly string[] = ['onError'];

/** Dawn crashes if it is collected while one of its devices lives. */
const living = new Set<Dawn>();

/**
 * Opens a WebGPU device with all that its adapter allows: largest limits, and those features that kernels use.
 *
 * Throws `DEVICE_NOT_FOUND` where its adapter is gone, `INPUT_INVALID` for a device that is no WebGPU device.
 * A worker thread that opens an emulated GPU must have been started with `env: SHARE_ENV`.
 */
export async function openGpu(device: Device, options: OpenGpuOptions = {}): Promise<Gpu> {
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) {
    throw new CoreError(
      'INPUT_INVALID',
      `Expected the options ${OPTIONS.join(', ')}; got ${unknown}.`,
    );
  }
  const { dawn, adapter } = await startDawn(device);
  living.add(dawn);
  let gpuDevice: GPUDevice;
  try {
    gpuDevice = await adapter.requestDevice({
      label: device.name,
      requiredFeatures: WANTED_FEATURES.filter((name) =>
        adapter.features.has(name),
      ) as GPUFeatureName[],
      requiredLimits: limitsOf(adapter),
    });
  } catch (error) {
    living.delete(dawn);
    throw new CoreError(
      'DEVICE_NOT_FOUND',
      `${device.name} refused to open: ${(error as Error).message}`,
      { cause: error },
    );
  }
  return new DawnGpu(device, gpuDevice, dawn, options);
}

/**
 * What browsers have as `navigator.gpu`, bound to this device's adapter, for libraries that open devices themselves.
 * It stays in memory until the thread ends.
 */
export async function dawnGpu(device: Device): Promise<GPU> {
  const { dawn } = await startDawn(device);
  living.add(dawn);
  return dawn.gpu;
}

class DawnGpu implements Gpu {
  readonly device: Device;
  readonly gpuDevice: GPUDevice;
  readonly adapterInfo: GPUAdapterInfo;
  readonly lost: Promise<CoreError>;
  #failure: CoreError | undefined;
  #disposed = false;

  constructor(device: Device, gpuDevice: GPUDevice, dawn: Dawn, options: OpenGpuOptions) {
    this.device = device;
    this.gpuDevice = gpuDevice;
    this.adapterInfo = gpuDevice.adapterInfo;
    this.lost = this.#watchLoss(dawn);
    gpuDevice.addEventListener('uncapturederror', (event) => {
      const error = translate((event as GPUUncapturedErrorEvent).error, device);
      this.#failure ??= error;
      options.onError?.(error);
    });
  }

  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.gpuDevice.destroy();
    await this.lost;
  }

  async #watchLoss(dawn: Dawn): Promise<CoreError> {
    const { reason, message } = await this.gpuDevice.lost;
    living.delete(dawn);
    const error = this.#disposed
      ? new CoreError('DISPOSED', `${this.device.name} was disposed.`)
      : new CoreError(
          'DEVICE_LOST',
          `${this.device.name} was ${reason === 'destroyed' ? 'destroyed' : 'lost'}: ${message.trim()} Open it again to go on.`,
        );
    this.#failure = error;
    return error;
  }
}

async function startDawn(device: Device): Promise<{ dawn: Dawn; adapter: GPUAdapter }> {
  if (device.kind !== 'webgpu') {
    throw new CoreError(
      'INPUT_INVALID',
      `Expected a webgpu device; got ${device.kind}:${device.index} (${device.name}).`,
    );
  }
  const driver =
    device.software && isSwiftShader(device.name) ? await installSwiftShader() : undefined;
  let cause: unknown;
  try {
    const dawn = await createDawn({ name: device.name, driver });
    if (dawn.adapter !== null) return { dawn, adapter: dawn.adapter };
  } catch (error) {
    cause = error;
  }
  const hint =
    driver === undefined
      ? 'Look at what findDevices() finds.'
      : 'In a worker thread, start the thread with `env: SHARE_ENV`: the driver is chosen by environment variables.';
  throw new CoreError('DEVICE_NOT_FOUND', `${device.name} has no adapter in this thread. ${hint}`, {
    cause,
  });
}

/** All limits the adapter has, as a plain record. */
function limitsOf(adapter: GPUAdapter): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const value = (adapter.limits as unknown as Record<string, unknown>)[name];
    if (typeof value === 'number') limits[name] = value;
  }
  return limits;
}

function translate(error: GPUError, device: Device): CoreError {
  const outOfMemory = error.constructor.name === 'GPUOutOfMemoryError';
  return new CoreError(
    outOfMemory ? 'OUT_OF_MEMORY' : 'RUNTIME_FAILED',
    `${device.name}: ${error.message.trim()}${outOfMemory ? ' Use smaller batches, or a device with more memory.' : ''}`,
  );
}
