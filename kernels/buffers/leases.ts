import type { Launcher, Lease, Span } from '../contract.ts';

/** Scratch memory that a plan takes piece by piece and gives back at once. */
export class Leases implements Disposable {
  readonly #launcher: Launcher;
  readonly #leases: Lease[] = [];

  constructor(launcher: Launcher) {
    this.#launcher = launcher;
  }

  /** Room for so many values of 4 bytes, one or more. */
  async words(count: number): Promise<Span> {
    const size = Math.max(1, count) * 4;
    const lease = await this.#launcher.scratch(size);
    this.#leases.push(lease);
    return { buffer: lease.buffer, offset: 0, size };
  }

  [Symbol.dispose](): void {
    for (const lease of this.#leases.splice(0)) lease[Symbol.dispose]();
  }
}
