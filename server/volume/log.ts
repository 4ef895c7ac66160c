import { randomUUID } from 'node:crypto';
import { ShardError } from '../../shard/errors.ts';
import { type Change, DAY_MS, type FileBody, type VolumeAt } from '../../shard/volume/contract.ts';
import { dayOf } from '../../shard/volume/bodies.ts';
import type { Objects } from '../objects/contract.ts';
import { commitKey } from './keys.ts';
import { type CommitRecord, encodeCommit, type PathChange, readCommit, SNAPSHOT_MS } from './records.ts';
import { FANOUT, makeSegments, segmentAfter } from './segments.ts';
import { VolumeState } from './state.ts';

/** Changes that are written in one commit, of however many that ask at once. */
const MAX_GROUP = 10_000;

/** Commits before the newest of which the state in memory can tell; for earlier ones another is made. */
const KEPT = 10_000;
/** Changes in memory that later ones have replaced; then fewer commits can be told of. */
const MAX_REPLACED = 200_000;
/** States of earlier versions that are kept for who reads on in them. */
const MAX_OLD = 2;
/** Ids of commits that are known, so that one that is asked for again is found. */
const MAX_IDS = 20_000;

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
  /** By which the commit is known, if it is asked for again. */
  readonly id: string;
  readonly base: VolumeAt;
  readonly changes: readonly Change[];
  readonly resolve: (version: number) => void;
  readonly reject: (error: unknown) => void;
}

interface Base {
  readonly state: VolumeState;
  /** Whether pieces of files that were replaced since may have been swept. */
  readonly isOld: boolean;
}

/**
 * The commits of one volume: commit N is there once at most, since it is created, and whoever comes second looks at what
 * the first did before it tries for N + 1.
 */
export class VolumeLog implements AsyncDisposable {
  /** When it was last looked whether something is to be swept; milliseconds since 1970. */
  sweptAt: number = -Infinity;
  readonly #parts: LogParts;
  readonly state: VolumeState = new VolumeState();
  #queue: Request[] = [];
  #writing: Promise<void> | undefined;
  #reading: Promise<void> | undefined;
  #nextReading: Promise<void> | undefined;
  readonly #old = new Map<number, Promise<VolumeState>>();
  readonly #ids = new Map<string, number>();
  #merging: Promise<void> = Promise.resolve();

  constructor(parts: LogParts) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.name;
  }

  /** Reads what others have committed. One that goes on may have looked before the caller came, so the next is for all who wait. */
  refresh(): Promise<void> {
    this.#nextReading ??= this.#refreshNext();
    return this.#nextReading;
  }

  /** The state that can tell of that version. Throws `VERSION_EXPIRED` for one that there is not. */
  async at(version: number): Promise<VolumeState> {
    if (version > this.state.version) await this.refresh();
    if (version > this.state.version) {
      throw new ShardError('VERSION_EXPIRED', `The volume ${this.#parts.name} has no version ${version}`);
    }
    return version >= this.state.since ? this.state : this.#oldState(version);
  }

  /** Several that ask at once are written together. Throws `VOLUME_CONFLICT`, `VOLUME_STALE` or `FILE_NOT_FOUND`. */
  commit(base: VolumeAt, changes: readonly Change[], commit: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#queue.push({ id: commit, base, changes, resolve, reject });
    this.#writing ??= this.#write();
    return promise;
  }

  /** Waits for what goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    await this.#merging;
  }

  async #refreshNext(): Promise<void> {
    await this.#reading?.catch(() => {});
    this.#nextReading = undefined;
    this.#reading = this.#advance();
    await this.#reading;
  }

  #oldState(version: number): Promise<VolumeState> {
    const state = this.#old.get(version) ?? stateAt(this.#parts.objects, this.#parts.id, version);
    this.#old.delete(version);
    this.#old.set(version, state);
    state.catch(() => this.#old.delete(version));
    const [oldest] = this.#old.keys();
    if (this.#old.size > MAX_OLD) this.#old.delete(oldest!);
    return state;
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
    // At once: who comes after this look at the queue must find that nobody writes.
    this.#writing = undefined;
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
    const bases = new Map<Request, Base>();
    for (const request of group) {
      if (request.changes.some((change) => 'from' in change))
        bases.set(request, await this.#base(request.base.version));
    }
    for (;;) {
      const version = this.state.version + 1;
      const changes = new Map<string, PathChange>();
      left = left.filter((request) => {
        const done = this.#ids.get(request.id);
        if (done !== undefined) {
          request.resolve(done);
          return false;
        }
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
      const requests = left.map((request) => request.id);
      const record = { id: randomUUID(), time: now(), requests, changes: [...changes.values()] };
      if (await this.#create(version, record.id, encodeCommit(record))) {
        if (this.state.version < version) this.#applied(record, version);
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
      readonly bases: Base | undefined;
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

  async #base(version: number): Promise<Base> {
    const { objects, id, now } = this.#parts;
    const state = await this.at(version);
    // Others may have written it, of which this node has not heard.
    const next = await readCommit(objects, commitKey(id, version + 1));
    // A day less, since the sweep may be under way.
    return { state, isOld: next !== undefined && now() - next.time > SNAPSHOT_MS - DAY_MS };
  }

  #bodyOf(change: Change, base: VolumeAt, bases: Base | undefined): FileBody | undefined {
    if ('body' in change) return change.body;
    if ('removed' in change) return undefined;
    const file = bases?.state.stat(change.from, base.version);
    if (file && bases!.isOld && this.state.changed(change.from)?.version !== file.version) {
      throw new ShardError(
        'VERSION_EXPIRED',
        `${JSON.stringify(change.from)} of version ${base.version} of the volume ${this.#parts.name} was replaced, and is not kept any more; reload, and copy it again`,
      );
    }
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
      if (this.state.version === version) this.#applied(commit, version + 1);
    }
  }

  #applied({ changes, requests = [] }: Pick<CommitRecord, 'changes' | 'requests'>, version: number): void {
    this.state.apply(changes, version, { whole: true });
    for (const request of requests) this.#ids.set(request, version);
    for (const id of this.#ids.keys())
      if (this.#ids.size > MAX_IDS) this.#ids.delete(id);
      else break;
    while (this.state.replaced > MAX_REPLACED) this.state.forget(Math.ceil((this.state.since + version) / 2));
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
