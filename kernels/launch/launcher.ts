import { createBuffer, Usage } from '../buffers/create.ts';
import { Pool } from '../buffers/pool.ts';
import type { Launcher, Lease, Program, Span, Step } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { Bindings } from './bindings.ts';
import { spread } from './grid.ts';
import { guarded, lost } from './guard.ts';
import { pipelinesOf } from './pipelines.ts';

export interface LauncherOptions {
  /** Bytes of GPU memory that each of the two pools may keep between calls. Default: 256 MiB. */
  readonly maxIdleBytes?: number;
  /** Workgroups in one dimension of a dispatch. Default, and at most: what the device allows. */
  readonly maxWorkgroups?: number;
}

/** Dawn has it; the types of the standard's API don't yet. */
type ImmediatesEncoder = GPUComputePassEncoder & {
  setImmediates(offset: number, data: Uint32Array<ArrayBuffer>): void;
};

const OPTIONS: readonly string[] = ['maxIdleBytes', 'maxWorkgroups'];
const STORAGE = Usage.storage | Usage.copySource | Usage.copyDestination;
const READ_BACK = Usage.mapRead | Usage.copyDestination;
const MAP_READ = 1;

/** Opens what kernels need on a device. Pipelines are shared by all launchers of a device, memory is not. */
export function openLauncher(device: GPUDevice, options: LauncherOptions = {}): Launcher {
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) {
    throw new KernelError('INPUT_INVALID', `Expected the options ${OPTIONS.join(', ')}; got ${unknown}.`);
  }
  return new DeviceLauncher(device, options);
}

export class DeviceLauncher implements Launcher {
  readonly device: GPUDevice;
  readonly #bindings: Bindings;
  readonly #storage: Pool;
  readonly #readBack: Pool;
  readonly #maxWorkgroups: number;
  readonly #running = new Set<Promise<unknown>>();
  #lost = false;
  #disposed = false;

  constructor(device: GPUDevice, { maxIdleBytes = 256 * 2 ** 20, maxWorkgroups = Infinity }: LauncherOptions) {
    this.device = device;
    this.#maxWorkgroups = Math.min(maxWorkgroups, device.limits.maxComputeWorkgroupsPerDimension);
    this.#bindings = new Bindings(device);
    this.#storage = new Pool(device, STORAGE, maxIdleBytes);
    this.#readBack = new Pool(device, READ_BACK, maxIdleBytes);
    void device.lost.then(() => {
      this.#lost = true;
    });
  }

  /** Bytes of GPU memory in the pools. */
  get pooledBytes(): number {
    return this.#storage.bytes + this.#readBack.bytes;
  }

  async pipeline(program: Program): Promise<GPUComputePipeline> {
    this.#check('A pipeline');
    try {
      return await pipelinesOf(this.device).get(program);
    } catch (error) {
      this.#check('A pipeline', error);
      throw error;
    }
  }

  grid(workgroups: number, z: number = 1): readonly [x: number, y: number, z: number] {
    return spread(workgroups, z, this.#maxWorkgroups);
  }

  async scratch(bytes: number): Promise<Lease> {
    this.#check('Scratch memory');
    return this.#storage.acquire(bytes);
  }

  async allocate(bytes: number): Promise<GPUBuffer> {
    this.#check('Memory');
    return createBuffer(this.device, bytes, STORAGE);
  }

  async upload(data: Float32Array | Uint32Array): Promise<Lease> {
    const lease = await this.scratch(data.byteLength);
    this.device.queue.writeBuffer(lease.buffer, 0, data);
    return lease;
  }

  submit(
    steps: readonly Step[],
    reads: readonly Span[] = [],
    timestamps?: GPUComputePassTimestampWrites,
  ): Promise<ArrayBuffer[]> {
    const running = this.#submit(steps, reads, timestamps);
    const settled: Promise<unknown> = Promise.allSettled([running]).then(() => this.#running.delete(settled));
    this.#running.add(settled);
    return running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await Promise.all(this.#running);
    this.#storage.dispose();
    this.#readBack.dispose();
    this.#bindings.clear();
  }

  async #submit(
    steps: readonly Step[],
    reads: readonly Span[],
    timestamps: GPUComputePassTimestampWrites | undefined,
  ): Promise<ArrayBuffer[]> {
    const what = [...new Set(steps.map(({ pipeline }) => pipeline.label))].join(', ') || 'A copy';
    this.#check(what);
    const bytes = reads.reduce((sum, { size }) => sum + size, 0);
    using staging = bytes > 0 ? await this.#readBack.acquire(bytes) : undefined;
    const { verdict } = guarded(this.device, what, () => this.#encode(steps, reads, staging?.buffer, timestamps));
    const mapped = staging?.buffer.mapAsync(MAP_READ, 0, bytes) ?? this.device.queue.onSubmittedWorkDone();
    const [failure, waited] = await Promise.allSettled([verdict, mapped]);
    if (failure.status === 'fulfilled' && failure.value !== undefined) {
      if (waited.status === 'fulfilled') staging?.buffer.unmap();
      throw failure.value;
    }
    if (waited.status === 'rejected') throw lost(what, waited.reason);
    const results = staging === undefined ? reads.map(() => new ArrayBuffer(0)) : copyOut(staging.buffer, bytes, reads);
    // A device that was lost meanwhile may have answered with zeros.
    if (this.#lost) throw lost(what);
    return results;
  }

  #encode(
    steps: readonly Step[],
    reads: readonly Span[],
    staging: GPUBuffer | undefined,
    timestamps: GPUComputePassTimestampWrites | undefined,
  ): void {
    const encoder = this.device.createCommandEncoder();
    if (steps.length > 0) {
      const pass = encoder.beginComputePass(timestamps && { timestampWrites: timestamps });
      for (const step of steps) {
        pass.setPipeline(step.pipeline);
        pass.setBindGroup(0, this.#bindings.group(step));
        (pass as ImmediatesEncoder).setImmediates(0, step.immediates);
        pass.dispatchWorkgroups(...step.workgroups);
      }
      pass.end();
    }
    let at = 0;
    for (const { buffer, offset, size } of reads) {
      if (staging !== undefined && size > 0) encoder.copyBufferToBuffer(buffer, offset, staging, at, size);
      at += size;
    }
    this.device.queue.submit([encoder.finish()]);
  }

  #check(what: string, cause?: unknown): void {
    if (this.#disposed) {
      throw new KernelError('DISPOSED', `${what}: the launcher was disposed. Open a new one.`);
    }
    if (this.#lost) throw lost(what, cause);
  }
}

function copyOut(staging: GPUBuffer, bytes: number, reads: readonly Span[]): ArrayBuffer[] {
  const mapped = staging.getMappedRange(0, bytes);
  let at = 0;
  const parts = reads.map(({ size }) => mapped.slice(at, (at += size)));
  staging.unmap();
  return parts;
}
