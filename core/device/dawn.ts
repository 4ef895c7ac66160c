import { CoreError } from '../errors.ts';
import { withDriver, type SoftwareDriver } from './vulkan.ts';

export interface DawnOptions {
  /** Exact adapter name, as Dawn lists it. Default: Dawn's first. */
  readonly name?: string | undefined;
  /** Graphics interface, such as `vulkan`, `metal` or `d3d12`. Default: the platform's. */
  readonly backend?: string | undefined;
  /** The emulated GPU to start instead of the machine's own drivers. */
  readonly driver?: SoftwareDriver | undefined;
}

/** A running Dawn and its adapter. */
export interface Dawn {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter | null;
}

/** Dawn hides f16 on NVIDIA and subgroup matrices everywhere, and rounds timestamps to 65 µs, unless told otherwise. */
const TOGGLES = [
  'enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia',
  'disable-dawn-features=timestamp_quantization',
];

/** The bindings, loaded when first needed: 21 MB that a CPU-only process never reads. */
export async function loadDawn(): Promise<typeof import('webgpu')> {
  try {
    return await import('webgpu');
  } catch (error) {
    throw new CoreError(
      'DEVICE_NOT_FOUND',
      `WebGPU is out of reach because the package webgpu does not load here: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** The constructors and constants that browsers have as globals, such as `GPUBufferUsage`; some libraries need them. */
export async function dawnGlobals(): Promise<Readonly<Record<string, unknown>>> {
  return (await loadDawn()).globals as Readonly<Record<string, unknown>>;
}

/** Starts a Dawn of its own. Keep `gpu` until every device made from it is lost: Dawn crashes if it is collected first. */
export async function createDawn(options: DawnOptions): Promise<Dawn> {
  const { create } = await loadDawn();
  const flags = [...TOGGLES];
  if (options.backend !== undefined) flags.push(`backend=${options.backend}`);
  if (options.name !== undefined) flags.push(`adapter=${options.name}`);
  const gpu = create(flags);
  // Drivers are loaded inside this first call, before it returns its promise.
  const adapter = await withDriver(options.driver, () =>
    gpu.requestAdapter({ powerPreference: 'high-performance' }),
  );
  return { gpu, adapter };
}
