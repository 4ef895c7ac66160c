import type { FileBody, FilePage, StoredFile } from '../../shard/volume/contract.ts';
import type { PathChange } from './records.ts';

/** What each path was, by rising version. */
type History = PathChange[];

/** Paths that wait to be sorted in, at most. */
const MAX_FRESH = 8_192;

/** The files of a volume, as of its newest commit that is known, and of earlier ones. */
export class VolumeState {
  readonly #paths = new Map<string, History>();
  /** Rising; those that are removed too. */
  #sorted: string[] = [];
  /** Those that are not yet among them. */
  #fresh: string[] = [];
  #replaced = 0;
  #version = 0;
  #since = 0;

  /** Number of the newest commit that is in it. */
  get version(): number {
    return this.#version;
  }

  /** The earliest version of which it can tell. */
  get since(): number {
    return this.#since;
  }

  /** Changes that it has beside the last of each path. */
  get replaced(): number {
    return this.#replaced;
  }

  /** Takes commits up to `version`. `whole`: with each of their changes, and not only the last of each path. */
  apply(changes: readonly PathChange[], version: number, { whole }: { readonly whole: boolean }): void {
    for (const change of changes) {
      const history = this.#paths.get(change.path);
      if (!history) {
        this.#paths.set(change.path, [change]);
        this.#fresh.push(change.path);
      } else if (whole) this.#replaced += history.push(change) > 1 ? 1 : 0;
      else this.#replaced -= history.splice(0, history.length, change).length - 1;
    }
    if (this.#fresh.length > MAX_FRESH) this.#sort();
    this.#version = version;
    if (!whole) this.#since = version;
  }

  /** The last change of the path up to `version`. */
  changed(path: string, version: number = this.#version): PathChange | undefined {
    return this.#paths.get(path)?.findLast((change) => change.version <= version);
  }

  stat(path: string, version: number): StoredFile | undefined {
    const change = this.changed(path, version);
    return change?.body && { path, version: change.version, ...change.body };
  }

  list(version: number, { prefix, after, limit }: FilePage): StoredFile[] {
    this.#sort();
    const from = after !== undefined && after >= prefix ? after : prefix;
    const found: StoredFile[] = [];
    for (let at = this.#position(from); at < this.#sorted.length && found.length < limit; at++) {
      const path = this.#sorted[at]!;
      if (!path.startsWith(prefix)) break;
      if (path === after) continue;
      const file = this.stat(path, version);
      if (file) found.push(file);
    }
    return found;
  }

  /** All bodies of all versions that it can tell of. */
  *bodies(): Generator<FileBody, void, undefined> {
    for (const history of this.#paths.values()) for (const { body } of history) if (body) yield body;
  }

  /** Forgets what was before `version`, which is kept. */
  forget(version: number): void {
    for (const history of this.#paths.values()) {
      const kept = history.findLastIndex((change) => change.version <= version);
      if (kept > 0) this.#replaced -= history.splice(0, kept).length;
    }
    this.#since = Math.max(this.#since, version);
  }

  /** Few at a time, in one pass, so that no commit takes long where there are many paths. */
  #sort(): void {
    if (this.#fresh.length === 0) return;
    const [old, fresh] = [this.#sorted, this.#fresh.sort()];
    const sorted: string[] = [];
    let next = 0;
    for (const path of old) {
      while (next < fresh.length && fresh[next]! < path) sorted.push(fresh[next++]!);
      sorted.push(path);
    }
    while (next < fresh.length) sorted.push(fresh[next++]!);
    [this.#sorted, this.#fresh] = [sorted, []];
  }

  /** Of the first path that is not below this one. */
  #position(path: string): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]! < path) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
