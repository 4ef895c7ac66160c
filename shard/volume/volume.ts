import { randomUUID } from 'node:crypto';
import { ShardError } from '../errors.ts';
import { requireKnown, requireNumber } from '../options.ts';
import { type FileBytes, type FileRange, readBody, writeBody } from './bodies.ts';
import {
  type Change,
  type FileInfo,
  MAX_PAGE,
  type StoredFile,
  type VolumeAt,
  type VolumeBackend,
} from './contract.ts';
import { requirePath, requirePrefix, requireVolumeName } from './names.ts';

export interface VolumeOptions {
  /** Whether to make the volume where there is none. Default: `false`, and then `VOLUME_NOT_FOUND` is thrown when it is used. */
  readonly createIfMissing?: boolean;
}

/** Files of a volume as of one version, which stays the same until `reload` or a commit of this handle's own. */
export interface VolumeFiles {
  readonly name: string;
  /** All bytes of a file, or of a range. Throws `FILE_NOT_FOUND`. */
  read(path: string, range?: FileRange): Promise<Uint8Array<ArrayBuffer>>;
  /** A file as UTF-8. Throws `FILE_NOT_FOUND`. */
  text(path: string): Promise<string>;
  /** The bytes as they are taken, however many they are. Throws `FILE_NOT_FOUND`. */
  stream(path: string, range?: FileRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  /** Undefined if there is none. */
  stat(path: string): Promise<FileInfo | undefined>;
  /** Files whose paths begin so, by rising path. */
  list(prefix?: string): AsyncIterable<FileInfo>;
  /** Writes or replaces a file: bytes, or a text as UTF-8. */
  write(path: string, bytes: FileBytes): Promise<void>;
  /** Does nothing if there is none. */
  remove(path: string): Promise<void>;
  /** Makes `to` what `from` is, without reading it. Throws `FILE_NOT_FOUND`. */
  copy(from: string, to: string): Promise<void>;
}

/** Changes that become visible together. */
export interface VolumeBatch extends VolumeFiles {
  /**
   * Makes all changes visible at once, and tells the version in which they are. Throws `VOLUME_CONFLICT`, with
   * `details.path`, where a file of these was changed by another since this handle was opened; then nothing is changed.
   */
  commit(): Promise<number>;
}

/** A named store of files on the nodes. */
export interface Volume extends VolumeFiles {
  /** Number of the commit whose files this handle sees. */
  version(): Promise<number>;
  /** Sees the files as they are now; resolves to the number of the commit. */
  reload(): Promise<number>;
  /** Changes that are to become visible together. */
  batch(): VolumeBatch;
}

export interface VolumeParts {
  readonly backend: VolumeBackend;
  /** Ends what goes on. */
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970. Default: the system's. */
  readonly now?: () => number;
}

/** Throws `OPTION_INVALID`. */
export function volumeOn(parts: VolumeParts, name: string, options: VolumeOptions = {}): Volume {
  requireKnown(options, OPTION_NAMES, 'volume');
  const handle = new Handle(parts, requireVolumeName(name), options.createIfMissing ?? false);
  const commits = async (change: (batch: VolumeBatch) => Promise<void>): Promise<void> => {
    const batch = handle.batch();
    await change(batch);
    await batch.commit();
  };
  const files = new StagedFiles(handle);
  return {
    name,
    read: (path, range) => files.read(path, range),
    text: (path) => files.text(path),
    stream: (path, range) => files.stream(path, range),
    stat: (path) => files.stat(path),
    list: (prefix) => files.list(prefix),
    write: (path, bytes) => commits((batch) => batch.write(path, bytes)),
    remove: (path) => commits((batch) => batch.remove(path)),
    copy: (from, to) => commits((batch) => batch.copy(from, to)),
    version: async () => (await handle.at()).version,
    reload: () => handle.reload(),
    batch: () => handle.batch(),
  };
}

/** A volume whose changes wait for `commit`. */
export function stagedVolumeOn(parts: VolumeParts, name: string, options: VolumeOptions = {}): StagedFiles {
  return new StagedFiles(new Handle(parts, requireVolumeName(name), options.createIfMissing ?? false));
}

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof VolumeOptions>(['createIfMissing']);

/** Which version is seen. */
class Handle {
  readonly parts: VolumeParts;
  readonly name: string;
  readonly #create: boolean;
  #at: Promise<VolumeAt> | undefined;

  constructor(parts: VolumeParts, name: string, create: boolean) {
    this.parts = parts;
    this.name = name;
    this.#create = create;
  }

  at(): Promise<VolumeAt> {
    const at = (this.#at ??= this.parts.backend.open(this.name, { create: this.#create }));
    at.catch(() => {
      if (this.#at === at) this.#at = undefined;
    });
    return at;
  }

  async reload(): Promise<number> {
    const at = await this.parts.backend.open(this.name, { create: this.#create });
    this.#at = Promise.resolve(at);
    return at.version;
  }

  /** What this handle has committed it sees from then on. */
  async committed(version: number): Promise<void> {
    const at = await this.at();
    if (version > at.version) this.#at = Promise.resolve({ ...at, version });
  }

  batch(): StagedFiles {
    return new StagedFiles(this);
  }
}

/** Undefined is a file that is removed. */
type Staged = StoredFile | undefined;

interface StagedChange {
  readonly change: Change;
  readonly file: Staged;
}

/** Files as they would be after a commit of what was changed here. */
export class StagedFiles implements VolumeBatch {
  readonly name: string;
  readonly #handle: Handle;
  readonly #staged = new Map<string, StagedChange>();
  /** By which a commit of just these changes is known: its answer may be lost. */
  #commit = randomUUID();
  /** That on which the first change was made: what others change later conflicts. */
  #base: Promise<VolumeAt> | undefined;

  constructor(handle: Handle) {
    this.#handle = handle;
    this.name = handle.name;
  }

  async read(path: string, range?: FileRange): Promise<Uint8Array<ArrayBuffer>> {
    const parts = await Array.fromAsync(await this.#bytes(path, range));
    return parts.length === 1 ? parts[0]! : Uint8Array.from(Buffer.concat(parts));
  }

  async text(path: string): Promise<string> {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await this.read(path));
  }

  async stream(path: string, range?: FileRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return ReadableStream.from(await this.#bytes(path, range));
  }

  async stat(path: string): Promise<FileInfo | undefined> {
    const file = await this.#stat(requirePath(path));
    return file && infoOf(file);
  }

  async *list(prefix = ''): AsyncGenerator<FileInfo, void, undefined> {
    const from = requirePrefix(prefix);
    const at = await this.#at();
    const { backend } = this.#handle.parts;
    const staged = [...this.#staged].filter(([path]) => path.startsWith(from)).toSorted(byPath);
    let next = 0;
    for (let after: string | undefined; ;) {
      const page = await backend.list(at, { prefix: from, limit: MAX_PAGE, ...(after !== undefined && { after }) });
      for (const file of page) {
        for (; next < staged.length && staged[next]![0] < file.path; next++) yield* present(staged[next]![1].file);
        if (next < staged.length && staged[next]![0] === file.path) yield* present(staged[next++]![1].file);
        else yield infoOf(file);
      }
      if (page.length < MAX_PAGE) break;
      after = page.at(-1)!.path;
    }
    for (; next < staged.length; next++) yield* present(staged[next]![1].file);
  }

  async write(path: string, bytes: FileBytes): Promise<void> {
    const named = requirePath(path);
    requireBytes(bytes);
    const base = await this.#begin();
    const { backend, now = Date.now, signal } = this.#handle.parts;
    const body = await writeBody(backend, base, bytes, { now, signal });
    this.#stage(named, {
      change: { path: named, body },
      file: { path: named, version: base.version + 1, ...body },
    });
  }

  async remove(path: string): Promise<void> {
    const named = requirePath(path);
    const base = await this.#begin();
    const known = await this.#handle.parts.backend.stat(base, named);
    // What was never there needs no change.
    if (!known && !this.#staged.has(named)) return;
    if (known) return this.#stage(named, { change: { path: named, removed: true }, file: undefined });
    this.#staged.delete(named);
    this.#commit = randomUUID();
  }

  async copy(from: string, to: string): Promise<void> {
    const [source, target] = [requirePath(from), requirePath(to)];
    await this.#begin();
    const staged = this.#staged.get(source);
    const file = await this.#stat(source);
    if (!file) throw notFound(this.name, source);
    // What is staged is not yet at the base.
    const its = staged?.change;
    const change: Change =
      its && 'body' in its
        ? { path: target, body: its.body }
        : { path: target, from: its && 'from' in its ? its.from : source };
    this.#stage(target, { change, file: { ...file, path: target } });
  }

  /** Whether there is something to commit. */
  get changed(): boolean {
    return this.#staged.size > 0;
  }

  async commit(): Promise<number> {
    const base = await this.#begin();
    if (this.#staged.size === 0) return base.version;
    const changes = Array.from(this.#staged.values(), ({ change }) => change);
    const version = await this.#handle.parts.backend.commit(base, changes, this.#commit);
    await this.#handle.committed(version);
    this.#staged.clear();
    this.#commit = randomUUID();
    this.#base = undefined;
    return version;
  }

  #stage(path: string, change: StagedChange): void {
    this.#staged.set(path, change);
    this.#commit = randomUUID();
  }

  #at(): Promise<VolumeAt> {
    return this.#base ?? this.#handle.at();
  }

  #begin(): Promise<VolumeAt> {
    const base = (this.#base ??= this.#handle.at());
    base.catch(() => {
      if (this.#base === base) this.#base = undefined;
    });
    return base;
  }

  async #stat(path: string): Promise<Staged> {
    const staged = this.#staged.get(path);
    if (staged) return staged.file;
    return this.#handle.parts.backend.stat(await this.#at(), path);
  }

  async #bytes(path: string, range?: FileRange): Promise<AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>> {
    const named = requirePath(path);
    if (range) requireRange(range);
    const file = await this.#stat(named);
    if (!file) throw notFound(this.name, named);
    return readBody(this.#handle.parts.backend, await this.#at(), file, range);
  }
}

function* present(file: Staged): Generator<FileInfo, void, undefined> {
  if (file) yield infoOf(file);
}

function byPath([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function infoOf({ path, bytes, modified, hash, version }: StoredFile): FileInfo {
  return { path, bytes, modified, hash, version };
}

function requireRange(range: FileRange): void {
  requireKnown(range, RANGE_NAMES, 'a range');
  requireNumber('start', range.start, { from: 0, whole: true });
  if (range.end !== undefined) requireNumber('end', range.end, { from: range.start, whole: true });
}

const RANGE_NAMES: ReadonlySet<string> = new Set<keyof FileRange>(['start', 'end']);

function requireBytes(bytes: unknown): void {
  if (typeof bytes === 'string' || ArrayBuffer.isView(bytes)) return;
  if (typeof bytes === 'object' && bytes !== null && (Symbol.asyncIterator in bytes || Symbol.iterator in bytes))
    return;
  throw new ShardError(
    'INPUT_INVALID',
    `Expected what to write to be a string, a typed array or a stream of Uint8Array, got ${typeof bytes}`,
  );
}

function notFound(volume: string, path: string): ShardError {
  return new ShardError('FILE_NOT_FOUND', `There is no file ${JSON.stringify(path)} in the volume ${volume}`, {
    details: { volume, path },
  });
}
