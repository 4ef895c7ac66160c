import { qualified } from '../../shard/app/definition.ts';
import type { AppVersion } from '../../shard/app/deployment.ts';
import { versioned } from '../../shard/app/versioned.ts';
import type { ChunkStore, Runnable } from '../store/contract.ts';
import type { AppState } from './changes.ts';

/** Functions of all versions that a node may ask for work of; where there are more, of those only that may have some. */
const MANY = 256;
/** Milliseconds between looks for work of versions that are not current. */
const LOOK_MS = 5_000;

/** Functions of deployed apps for which a node takes work. */
export class Runnables {
  #apps: ReadonlyMap<string, AppState> | undefined;
  #all: readonly Runnable[] = [];
  #current: readonly Runnable[] = [];
  /** Of versions that are not current, by their names. */
  #others: ReadonlyMap<string, Runnable> = new Map();
  #working: readonly Runnable[] = [];
  #lookedAt = -Infinity;

  /** All of them; if they are many, those of current versions, of those in `up`, and those that have work by the last look. */
  list(apps: ReadonlyMap<string, AppState>, up: () => readonly Runnable[]): readonly Runnable[] {
    this.#settle(apps);
    if (this.#all.length <= MANY) return this.#all;
    const others = [...this.#working, ...up()].flatMap((each) => this.#others.get(nameOf(each)) ?? []);
    return [...this.#current, ...new Set(others)];
  }

  /** Looks in the store for what has work, where that matters, and not too often. */
  async look(apps: ReadonlyMap<string, AppState>, store: Pick<ChunkStore, 'backlog'>, now: number): Promise<void> {
    this.#settle(apps);
    if (this.#all.length <= MANY || now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    this.#working = await store.backlog();
  }

  #settle(apps: ReadonlyMap<string, AppState>): void {
    if (this.#apps === apps) return;
    this.#apps = apps;
    const up = [...apps.values()].filter(({ current }) => current !== undefined);
    this.#current = up.flatMap(({ name, current }) => runnablesOf(name, current!));
    this.#all = up.flatMap(({ name, versions }) =>
      [...versions.values()].flatMap((version) => runnablesOf(name, version)),
    );
    const current = new Set(this.#current.map(nameOf));
    this.#others = new Map(
      this.#all.flatMap((each) => (current.has(nameOf(each)) ? [] : [[nameOf(each), each] as const])),
    );
  }
}

function runnablesOf(app: string, { version, functions }: AppVersion): Runnable[] {
  return functions.map(({ name }) => ({ function: qualified(app, name), version }));
}

function nameOf({ function: name, version }: Runnable): string {
  return versioned({ name, ...(version !== undefined && { version }) });
}
