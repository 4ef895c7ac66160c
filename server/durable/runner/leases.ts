import type { Logger } from 'pino';
import type { Clock } from '../../clock.ts';
import type { ChunkStore, LeaseName } from '../../store/contract.ts';

export interface LeasesOptions {
  readonly store: Pick<ChunkStore, 'renew'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly leaseMs: number;
  readonly onStoreError: (verb: string, error: unknown) => void;
}

/** Renewals in the time of a lease: some may fail, or come late. */
const RENEWALS = 5;

/** Keeps leases from running out, all of them with one timer, for as long as they are held. */
export class Leases implements Disposable {
  readonly #options: LeasesOptions;
  /** What to do when they are lost. */
  readonly #held = new Map<LeaseName, () => void>();
  #timer: Disposable | undefined;

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  /** Holds it until disposed; `onLost` is called if it is another's before, or its call is cancelled. */
  hold(lease: LeaseName, onLost: () => void): Disposable {
    this.#held.set(lease, onLost);
    this.#schedule();
    return { [Symbol.dispose]: () => void this.#held.delete(lease) };
  }

  [Symbol.dispose](): void {
    this.#held.clear();
    this.#timer?.[Symbol.dispose]();
  }

  #schedule(): void {
    const { clock, leaseMs } = this.#options;
    this.#timer ??= clock.after(leaseMs / RENEWALS, () => {
      void this.#renew().finally(() => {
        this.#timer = undefined;
        if (this.#held.size > 0) this.#schedule();
      });
    });
  }

  async #renew(): Promise<void> {
    const held = [...this.#held];
    if (held.length === 0) return;
    const { store, leaseMs, log, onStoreError } = this.#options;
    try {
      const names = held.map(([{ call, index, fence }]) => ({ call, index, fence }));
      const fates = await store.renew(names, leaseMs);
      for (const [at, [lease, onLost]] of held.entries()) {
        if (fates[at] === 'held' || !this.#held.has(lease)) continue;
        log.info({ call: lease.call, chunk: lease.index, fate: fates[at] }, 'a chunk is not run here any more');
        onLost();
      }
    } catch (error) {
      // They may run out, and then be this node's again or another's: the store says so once it can be reached.
      onStoreError('renew', error);
    }
  }
}
