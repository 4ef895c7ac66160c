import type { Objects } from '../objects/contract.ts';
import { readObjectWhole } from '../objects/whole.ts';
import { segmentOf } from './names.ts';
import type { ChunkStore } from '../store/contract.ts';

/** Milliseconds for which a run is known to be there without saying so again. */
export const RUN_LEASE_MS = 60_000;

/** Milliseconds between looks at one that is over. */
const OVER_MS = 60_000;

export interface RunsOptions {
  readonly storage: { open(): Promise<{ readonly objects: Objects; readonly store: Pick<ChunkStore, 'list'> }> };
  /** Milliseconds since 1970. */
  readonly time: () => number;
}

/**
 * Apps that were deployed for one run. Such an app is over once its run has said nothing for a while, or that it has
 * ended, and all its calls are finished: it has no workers then, and takes no new calls. It can still be called upon to
 * retry those, until the store has forgotten them; then it is removed.
 */
export class Runs {
  readonly #options: RunsOptions;
  /** Those that are over, and when to look at them again. */
  readonly #over = new Map<string, number>();

  constructor(options: RunsOptions) {
    this.#options = options;
  }

  /** As of the last look. */
  isOver(app: string): boolean {
    return this.#over.has(app);
  }

  /** The run is there for another while. */
  async renew(app: string): Promise<void> {
    const { objects } = await this.#options.storage.open();
    const until = String(this.#options.time() + RUN_LEASE_MS);
    await objects.write(keyOf(app), new TextEncoder().encode(until));
    this.#over.delete(app);
  }

  /** The run has ended; what it has begun goes on. */
  async end(app: string): Promise<void> {
    const { objects } = await this.#options.storage.open();
    await objects.remove(keyOf(app));
  }

  /** Finds which of these apps are over. Resolves to those that can be removed: the store has no calls of them. */
  async look(apps: readonly string[]): Promise<string[]> {
    for (const app of this.#over.keys()) if (!apps.includes(app)) this.#over.delete(app);
    const now = this.#options.time();
    const due = apps.filter((app) => (this.#over.get(app) ?? now) <= now);
    if (due.length === 0) return [];
    const { objects, store } = await this.#options.storage.open();
    const removable: string[] = [];
    for (const app of due) {
      const lease = await readObjectWhole(objects, keyOf(app));
      const until = lease ? Number(new TextDecoder().decode(lease)) : -Infinity;
      if (until > now) {
        this.#over.delete(app);
        continue;
      }
      const of = { function: `${app}/`, limit: 1 };
      const unfinished = await Promise.all((['open', 'sealed'] as const).map((state) => store.list({ ...of, state })));
      if (unfinished.some((calls) => calls.length > 0)) {
        this.#over.delete(app);
        continue;
      }
      this.#over.set(app, now + OVER_MS);
      if ((await store.list(of)).length > 0) continue;
      await objects.remove(keyOf(app));
      removable.push(app);
    }
    return removable;
  }
}

function keyOf(app: string): string {
  return `runs/${segmentOf(app)}`;
}
