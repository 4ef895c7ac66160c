import type { Gpu } from '../../../core/device/gpus.ts';
import type { GpuNeed } from '../../../shard/app/definition.ts';
import { fits } from './fits.ts';

/** A GPU that is one worker's until disposed. */
export interface Lease extends Disposable {
  readonly gpu: Gpu;
  /** Whether someone else than its owner waits for this one, or one like it. */
  readonly wanted: boolean;
}

/** Who takes GPUs and waits for them. */
export interface Owner {
  /** Others wait for one like one that this owner has: it should give one back that is idle. */
  onWanted(): void;
}

interface Waiter {
  readonly request: GpuNeed;
  readonly owner: Owner;
  readonly wake: () => void;
}

interface Holder {
  readonly gpu: Gpu;
  readonly owner: Owner;
}

/** The GPUs of a node, each of which is one worker's at a time. Who waits for one is served in turn. */
export class Shelf {
  readonly gpus: readonly Gpu[];
  readonly #free: Set<Gpu>;
  readonly #holders = new Set<Holder>();
  readonly #waiters = new Set<Waiter>();

  constructor(gpus: readonly Gpu[]) {
    this.gpus = gpus;
    this.#free = new Set(gpus);
  }

  /** Whether this node has what is asked for, free or not. */
  has(request: GpuNeed): boolean {
    return this.gpus.some((gpu) => fits(request, gpu));
  }

  /** Whether one that fits is free. */
  hasFree(request: GpuNeed): boolean {
    return this.#best(request) !== undefined;
  }

  /** One that is free, if any is. */
  take(request: GpuNeed, owner: Owner): Lease | undefined {
    const gpu = this.#best(request);
    if (!gpu) return undefined;
    this.#free.delete(gpu);
    const holder = { gpu, owner };
    this.#holders.add(holder);
    const isWanted = (): boolean =>
      this.#waiters.values().some((waiter) => waiter.owner !== owner && fits(waiter.request, gpu));
    return {
      gpu,
      get wanted() {
        return isWanted();
      },
      [Symbol.dispose]: () => {
        if (!this.#holders.delete(holder)) return;
        this.#free.add(gpu);
        this.#offer(gpu);
      },
    };
  }

  /** Calls back once when one that fits is free, unless disposed before. */
  wait(request: GpuNeed, owner: Owner, wake: () => void): Disposable {
    const waiter = { request, owner, wake };
    this.#waiters.add(waiter);
    const holders = this.#holders.values().filter((each) => each.owner !== owner && fits(request, each.gpu));
    for (const each of new Set(holders.map((holder) => holder.owner))) each.onWanted();
    return { [Symbol.dispose]: () => void this.#waiters.delete(waiter) };
  }

  /** The smallest that will do; of equals the last, since the node's own engine takes the first. */
  #best(request: GpuNeed): Gpu | undefined {
    return this.gpus
      .filter((gpu) => this.#free.has(gpu) && fits(request, gpu))
      .toSorted((one, other) => (one.memoryBytes ?? 0) - (other.memoryBytes ?? 0) || other.index - one.index)[0];
  }

  /** To who has waited for longest, or who takes it after. */
  #offer(gpu: Gpu): void {
    // Those that come while it is offered come after.
    const fitting = this.#waiters
      .values()
      .filter(({ request }) => fits(request, gpu))
      .toArray();
    for (const waiter of fitting) {
      if (!this.#free.has(gpu)) return;
      this.#waiters.delete(waiter);
      waiter.wake();
    }
  }
}
