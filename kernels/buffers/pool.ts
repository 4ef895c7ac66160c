import type { Lease } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { createBuffer, sizeLimit } from './create.ts';

const SMALLEST = 256;

/** Buffers of one usage, kept for the next call up to a bound. Sizes are powers of two, so that few kinds exist. */
export class Pool {
  readonly #device: GPUDevice;
  readonly #usage: number;
  readonly #maxIdleBytes: number;
  readonly #idle: GPUBuffer[] = [];
  readonly #leased = new Set<GPUBuffer>();
  #idleBytes = 0;
  #disposed = false;

  constructor(device: GPUDevice, usage: number, maxIdleBytes: number) {
    this.#device = device;
    this.#usage = usage;
    this.#maxIdleBytes = maxIdleBytes;
  }

  /** Bytes in all buffers that live, leased and idle. */
  get bytes(): number {
    let sum = this.#idleBytes;
    for (const buffer of this.#leased) sum += buffer.size;
    return sum;
  }

  async acquire(bytes: number): Promise<Lease> {
    this.#check();
    const size = this.#sizeFor(bytes);
    const at = this.#idle.findLastIndex((buffer) => buffer.size === size);
    let buffer: GPUBuffer;
    if (at >= 0) {
      [buffer] = this.#idle.splice(at, 1) as [GPUBuffer];
      this.#idleBytes -= size;
    } else {
      buffer = await createBuffer(this.#device, size, this.#usage);
      if (this.#disposed) {
        buffer.destroy();
        this.#check();
      }
    }
    this.#leased.add(buffer);
    let held = true;
    return {
      buffer,
      [Symbol.dispose]: () => {
        // Disposed a second time, the buffer may be another's.
        if (held) this.#release(buffer);
        held = false;
      },
    };
  }

  dispose(): void {
    this.#disposed = true;
    for (const buffer of [...this.#idle, ...this.#leased]) buffer.destroy();
    this.#idle.length = 0;
    this.#leased.clear();
    this.#idleBytes = 0;
  }

  #sizeFor(bytes: number): number {
    const power = Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(Math.max(1, bytes))));
    const limit = sizeLimit(this.#device);
    // Near the limit a power of two may be too much where the bytes themselves are not.
    return power <= limit ? power : Math.max(bytes, limit);
  }

  #release(buffer: GPUBuffer): void {
    if (!this.#leased.delete(buffer)) return;
    if (buffer.size > this.#maxIdleBytes) {
      buffer.destroy();
      return;
    }
    this.#idle.push(buffer);
    this.#idleBytes += buffer.size;
    while (this.#idleBytes > this.#maxIdleBytes) {
      const oldest = this.#idle.shift();
      this.#idleBytes -= oldest?.size ?? 0;
      oldest?.destroy();
    }
  }

  #check(): void {
    if (this.#disposed) throw new KernelError('DISPOSED', 'The launcher was disposed. Open a new one.');
  }
}
