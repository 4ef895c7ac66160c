import { CoreError } from '../errors.ts';
import type { Device } from './contract.ts';
import { createDawn, requestAdapter, type Dawn } from './dawn.ts';
import { swiftShaderDriver } from './swiftshader.ts';
import type { SoftwareDriver } from './vulkan.ts';
import { isSwiftShader, WANTED_FEATURES } from './webgpu.ts';

export interface OpenGpuOptions {
  /** Called with each GPU error that no error scope caught. The first of them is also thrown by `check()`. */
  readonly onError?: (error: CoreError) => void;
  /** Where the device's only driver is, if neither the machine nor SwiftShader has it. */
  readonly driver?: SoftwareDriver;
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

const OPTIONS: readonly string[] = ['onError', 'driver'];

/** One Dawn for each adapter by name: drivers are loaded once in a thread, however often a device opens. */
const running = new Map<string, Promise<Dawn>>();

/**
 * Opens a WebGPU device with all that its adapter allows: largest limits, and those features that kernels use.
 *
 * Throws `DEVICE_NOT_FOUND` where its adapter is gone, `INPUT_INVALID` for a device that is no WebGPU device.
 * A worker thread that opens an emulated GPU must have been started with `env: SHARE_ENV`.
 */
export async function openGpu(device: Device, options: OpenGpuOptions = {}): Promise<Gpu> {
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) {
    throw new CoreError('OPTION_INVALID', `Expected the options ${OPTIONS.join(', ')}; got ${unknown}.`);
  }
  const { adapter } = await findAdapter(device, options.driver);
  let gpuDevice: GPUDevice;
  try {
    gpuDevice = await adapter.requestDevice({
      label: device.name,
      requiredFeatures: WANTED_FEATURES.filter((name) => adapter.features.has(name)) as GPUFeatureName[],
      requiredLimits: limitsOf(adapter),
    });
  } catch (error) {
    running.delete(device.name);
    throw new CoreError('DEVICE_NOT_FOUND', `${device.name} refused to open: ${(error as Error).message}`, {
      cause: error,
    });
  }
  // Dawn lists the sizes of subgroup matrices on the adapter alone; kernels are given the device.
  Object.defineProperty(gpuDevice, 'adapterInfo', { value: adapter.info });
  return new DawnGpu(device, gpuDevice, options);
}

/**
 * What browsers have as `navigator.gpu`, bound to this device's adapter, for libraries that open devices themselves.
 * It lives until the thread ends.
 */
export async function dawnGpu(device: Device): Promise<GPU> {
  const { gpu } = await findAdapter(device);
  return gpu;
}

class DawnGpu implements Gpu {
  readonly device: Device;
  readonly gpuDevice: GPUDevice;
  readonly adapterInfo: GPUAdapterInfo;
  readonly lost: Promise<CoreError>;
  readonly #onError: OpenGpuOptions['onError'];
  #failure: CoreError | undefined;
  #disposed = false;

  constructor(device: Device, gpuDevice: GPUDevice, options: OpenGpuOptions) {
    this.device = device;
    this.gpuDevice = gpuDevice;
    this.adapterInfo = gpuDevice.adapterInfo;
    this.lost = this.#watchLoss();
    this.#onError = options.onError;
    gpuDevice.addEventListener('uncapturederror', this.#onUncaptured);
  }

  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.gpuDevice.destroy();
    await this.lost;
  }

  readonly #onUncaptured = (event: GPUUncapturedErrorEvent): void => {
    const error = translate(event.error, this.device);
    this.#failure ??= error;
    this.#onError?.(error);
  };

  async #watchLoss(): Promise<CoreError> {
    const { reason, message } = await this.gpuDevice.lost;
    // Dawn holds its listeners and this one holds the device: neither would ever be collected.
    this.gpuDevice.removeEventListener('uncapturederror', this.#onUncaptured);
    // A driver that fell over is best started afresh.
    if (reason !== 'destroyed') running.delete(this.device.name);
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

/** A Dawn with an adapter that no device was made of yet: an adapter gives one device only. */
async function findAdapter(device: Device, driver?: SoftwareDriver): Promise<{ gpu: GPU; adapter: GPUAdapter }> {
  if (device.kind !== 'webgpu') {
    throw new CoreError(
      'INPUT_INVALID',
      `Expected a webgpu device; got ${device.kind}:${device.index} (${device.name}).`,
    );
  }
  const dawn = running.get(device.name) ?? startDawn(device, driver);
  running.set(device.name, dawn);
  try {
    const { gpu } = await dawn;
    const adapter = await requestAdapter(gpu);
    if (adapter !== null) return { gpu, adapter };
  } catch (error) {
    running.delete(device.name);
    throw error instanceof CoreError ? error : absent(device, error);
  }
  running.delete(device.name);
  throw absent(device);
}

async function startDawn(device: Device, own: SoftwareDriver | undefined): Promise<Dawn> {
  if (own !== undefined) return createDawn({ driver: own });
  const driver = device.software && isSwiftShader(device.name) ? await swiftShaderDriver() : undefined;
  return createDawn({ name: device.name, driver });
}

function absent(device: Device, cause?: unknown): CoreError {
  const hint = device.software
    ? 'In a worker thread, start the thread with `env: SHARE_ENV`: the driver is chosen by environment variables.'
    : 'Look at what findDevices() finds.';
  return new CoreError('DEVICE_NOT_FOUND', `${device.name} has no adapter in this thread. ${hint}`, { cause });
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
