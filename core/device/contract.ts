/** The contract of core/device: what was found on this machine, and what was chosen of it. */

export type DeviceKind = 'cuda' | 'webgpu' | 'cpu';

/** One place where encoders and kernels can run. Plain data: it crosses threads. */
export interface Device {
  readonly kind: DeviceKind;
  /** Position among the devices of its kind, from 0. */
  readonly index: number;
  /** As the driver names it, such as `NVIDIA H100` or `AMD EPYC (2 cores)`. */
  readonly name: string;
  /** True for a GPU that a driver emulates on the CPU; never chosen unless asked for by name. */
  readonly software: boolean;
  /** Bytes, where the driver tells. */
  readonly memoryBytes?: number;
  /** Driver and version, where known. */
  readonly driver?: string;
  /** Features that matter here, such as `shader-f16` or `subgroups`. */
  readonly features: readonly string[];
}

/** One row of `warpmap doctor`. */
export type Finding =
  | { readonly status: 'found'; readonly device: Device }
  | {
      readonly status: 'missing';
      readonly kind: DeviceKind;
      /** True where it is the emulated GPU that is missing. */
      readonly software?: boolean;
      /** What was tried and what happened. */
      readonly reason: string;
      /** What the user can do about it. */
      readonly mend: string;
    };

/**
 * What the user asks for: `auto` takes the first real GPU (CUDA, then WebGPU) and else the CPU;
 * a kind takes its first real device; `kind:index` a certain one; `software` the emulated GPU.
 */
export type DeviceRequest = 'auto' | DeviceKind | `${DeviceKind}:${number}` | 'software';
