import { randomUUID } from 'node:crypto';
import { ShardError } from '../../shard/errors.ts';
import type { Change, FileBody, VolumeAt } from '../../shard/volume/contract.ts';
import { dayOf } from '../../shard/volume/bodies.ts';
import type { Objects } from '../objects/contract.ts';
import { commitKey } from './keys.ts';
import { encodeCommit, type PathChange, readCommit } from './records.ts';
import { FANOUT, makeSegments, segmentAfter } from './segments.ts';
import { VolumeState } from './state.ts';

/** Changes that are written in one commit, of however many that ask at once. */
const MAX_GROUP = 10_000;

/** Commits before the newest of which the state in memory can tell; for earlier ones another is made. */
const KEPT = 10_000;

export interface LogParts {
  readonly objects: Objects;
  readonly name: string;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Throws `VOLUME_NOT_FOUND` if the volume is not there any more. */
  readonly requirePresent: () => Promise<void>;
  /** What failed, and nobody waits for. */
  readonly onTrouble: (error: unknown) => void;
}

interface Request {
  readonly base: VolumeAt;
  readonly changes: readonly Change[];
  readonly resolve: (version: number) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The commits of one volume: commit N is there once at most, since it is created, and whoever comes second looks at what
 * the first did before it tries for N + 1.
 */
export class VolumeLog implements AsyncDisposable {
  readonly #parts: LogParts;
  readonly state: VolumeState = new VolumeState();
  #queue: Request[] = [];
  #writing: Promise<void> | undefined;
  #reading: Promise<void> | undefined;
  #merging: Promise<void> = Promise.resolve();

  constructor(parts: LogParts) {
    this.#parts = parts;
  }

  /** Reads what others have committed. */
  refresh(): Promise<void> {
    // One that goes on may have looked before the caller came, so another follows it.
    const before = this.#reading;
    const reading = (async () => {
      await before?.catch(() => {});
      await this.#advance();
    })();
    this.#reading = reading;
    reading.catch(() => {});
    return reading;
  }

  /** The state that can tell of that version. Throws `VERSION_EXPIRED` for one that there is not. */
  async at(version: number): Promise<VolumeState> {
    if (version > this.state.version) await this.refresh();
    if (version > this.state.version) {
      throw new ShardError('VERSION_EXPIRED', `The volume ${this.#parts.name} has no version ${version}`);
    }
    return version >= this.state.since ? this.state : stateAt(this.#parts.objects, this.#parts.id, version);
  }

  /** Several that ask at once are written together. Throws `VOLUME_CONFLICT`, `VOLUME_STALE` or `FILE_NOT_FOUND`. */
  commit(base: VolumeAt, changes: readonly Change[]): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#queue.push({ base, changes, resolve, reject });
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
    return promise;
  }

  /** Waits for what goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    await this.#merging;
  }

  async #write(): Promise<void> {
    while (this.#queue.length > 0) {
      const group = this.#take();
      try {
        await this.#parts.requirePresent();
        await this.#together(group);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
  }

  #take(): Request[] {
    let count = 0;
    const group: Request[] = [];
    while (this.#queue.length > 0) {
      count += this.#queue[0]!.changes.length;
      if (group.length > 0 && count > MAX_GROUP) break;
      group.push(this.#queue.shift()!);
    }
    return group;
  }

  async #together(group: readonly Request[]): Promise<void> {
    let left = group;
    const { objects, id, now } = this.#parts;
    // A writer may know of commits that are not yet known here.
    if (left.some((each) => each.base.version > this.state.version)) await this.refresh();
    const bases = new Map<Request, VolumeState>();
    for (const request of group) {
      if (request.changes.some((change) => 'from' in change)) bases.set(request, await this.at(request.base.version));
    }
    for (;;) {
      const version = this.state.version + 1;
      const changes = new Map<string, PathChange>();
      left = left.filter((request) => {
        try {
          for (const change of this.#resolved(request, { bases: bases.get(request), version, changes }))
            changes.set(change.path, change);
          return true;
        } catch (error) {
          request.reject(error);
          return false;
        }
      });
      if (left.length === 0) return;
      if (changes.size === 0) return settle(left, this.state.version);
      const record = { id: randomUUID(), time: now(), changes: [...changes.values()] };
      if (await this.#create(version, record.id, encodeCommit(record))) {
        if (this.state.version < version) this.#applied(record.changes, version);
        return settle(left, version);
      }
      // Another was first: what it did may conflict.
      if (this.state.version < version) await this.refresh();
      if (this.state.version < version) {
        throw new ShardError(
          'VOLUME_NOT_FOUND',
          `Commit ${version} of the volume ${this.#parts.name} of ${id} is gone from ${objects.name}`,
        );
      }
    }
  }

  /** Whether the commit is there, and ours. */
  async #create(version: number, id: string, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const { objects, id: volume } = this.#parts;
    const key = commitKey(volume, version);
    try {
      if (await objects.create(key, bytes)) return true;
    } catch (error) {
      // It may be there all the same.
      if ((await readCommit(objects, key))?.id === id) return true;
      throw error;
    }
    // It may have been written before an answer was lost.
    return (await readCommit(objects, key))?.id === id;
  }

  /** What the request changes, less what is so already. Throws why it can't. */
  *#resolved(
    { base, changes }: Request,
    at: {
      readonly bases: VolumeState | undefined;
      readonly version: number;
      readonly changes: ReadonlyMap<string, PathChange>;
    },
  ): Generator<PathChange, void, undefined> {
    const { name, now } = this.#parts;
    const resolved: PathChange[] = [];
    for (const change of changes) {
      const { path } = change;
      const body = this.#bodyOf(change, base, at.bases);
      const known = at.changes.get(path) ?? this.state.changed(path);
      if (known && known.version > base.version) {
        if (known.body?.hash === body?.hash) continue;
        throw new ShardError(
          'VOLUME_CONFLICT',
          `${JSON.stringify(path)} in the volume ${name} was changed by commit ${known.version}, after version ${base.version} on which this commit stands; reload, and write again`,
          { details: { volume: name, path, base: base.version, version: known.version } },
        );
      }
      if (!known?.body && !body) continue;
      if ('body' in change && Math.abs(change.body.day - dayOf(now())) > 1) {
        throw new ShardError(
          'VOLUME_STALE',
          `${JSON.stringify(path)} was written more than a day before its commit to the volume ${name}; write it again, and commit sooner`,
        );
      }
      resolved.push({ path, version: at.version, body });
    }
    yield* resolved;
  }

  #bodyOf(change: Change, base: VolumeAt, bases: VolumeState | undefined): FileBody | undefined {
    if ('body' in change) return change.body;
    if ('removed' in change) return undefined;
    const file = bases?.stat(change.from, base.version);
    if (!file) {
      throw new ShardError(
        'FILE_NOT_FOUND',
        `There is no file ${JSON.stringify(change.from)} in the volume ${this.#parts.name} to be copied`,
      );
    }
    const { path: _path, version: _version, ...body } = file;
    return body;
  }

  async #advance(): Promise<void> {
    const { objects, id } = this.#parts;
    for (;;) {
      const { version } = this.state;
      const segment = version % FANOUT === 0 ? await segmentAfter(objects, id, version) : undefined;
      if (segment) {
        if (this.state.version === version) this.state.apply(segment.changes, segment.end, { whole: false });
        continue;
      }
      const commit = await readCommit(objects, commitKey(id, version + 1));
      if (!commit) return;
      if (this.state.version === version) this.#applied(commit.changes, version + 1);
    }
  }

  #applied(changes: readonly PathChange[], version: number): void {
    this.state.apply(changes, version, { whole: true });
    if (version % FANOUT !== 0) return;
    if (version % (FANOUT * FANOUT) === 0) this.state.forget(version - KEPT);
    const { objects, id, onTrouble } = this.#parts;
    // Without it volumes open more slowly, no more than that.
    this.#merging = this.#merging.then(() => makeSegments(objects, id, version)).catch(onTrouble);
  }
}

/** The state of exactly that version, and none before. */
export async function stateAt(objects: Objects, id: string, version: number): Promise<VolumeState> {
  const state = new VolumeState();
  while (state.version < version) {
    const at = state.version;
    const segment = at % FANOUT === 0 ? await segmentAfter(objects, id, at) : undefined;
    if (segment && segment.end <= version) {
      state.apply(segment.changes, segment.end, { whole: false });
      continue;
    }
    const commit = await readCommit(objects, commitKey(id, at + 1));
    if (!commit) throw new ShardError('VERSION_EXPIRED', `Version ${version} of the volume is not kept any more`);
    state.apply(commit.changes, at + 1, { whole: false });
  }
  return state;
}

function settle(group: readonly Request[], version: number): void {
  for (const { resolve } of group) resolve(version);
}
