import { CoreError } from '../errors.ts';
import { showDriver, type SoftwareDriver } from './vulkan.ts';

export interface DawnOptions {
  /** Exact adapter name, as Dawn lists it. Default: Dawn's first. */
  readonly name?: string | undefined;
  /** The emulated GPU to start instead of the machine's own drivers. */
  readonly driver?: SoftwareDriver | undefined;
}

/** A Dawn and its adapter; `null` where the drivers have none. */
export interface Dawn {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter | null;
}

/** Dawn hides f16 on NVIDIA and subgroup matrices everywhere, and rounds timestamps to 65 µs, unless told otherwise. */
const ENABLED = ['allow_unsafe_apis', 'vulkan_enable_f16_on_nvidia'];
const DISABLED = ['timestamp_quantization'];
/** SwiftShader compiles 0.3 s longer for each KiB of workgroup memory that it is asked to clear; a loop clears it too. */
const SLOW_IN_SWIFTSHADER = 'use_vulkan_zero_initialize_workgroup_memory_extension';

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

/** Dawn crashes if it is collected while a device lives, and for a turn or two of the event loop after that. */
const started = new Set<GPU>();

/** The adapter of a Dawn that runs. */
export function requestAdapter(gpu: GPU): Promise<GPUAdapter | null> {
  return gpu.requestAdapter({ powerPreference: 'high-performance' });
}

/** Starts a Dawn of its own. It stays in memory until the thread ends, so start one and reuse it. */
export async function createDawn(options: DawnOptions): Promise<Dawn> {
  const { create } = await loadDawn();
  const disabled = options.driver === undefined ? DISABLED : [...DISABLED, SLOW_IN_SWIFTSHADER];
  const flags = [`enable-dawn-features=${ENABLED.join()}`, `disable-dawn-features=${disabled.join()}`];
  if (options.name !== undefined) flags.push(`adapter=${options.name}`);
  const gpu = create(flags);
  started.add(gpu);
  using _shown = await showDriver(options.driver);
  return { gpu, adapter: await requestAdapter(gpu) };
}
