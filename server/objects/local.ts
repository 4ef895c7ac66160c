import { randomUUID } from 'node:crypto';
import { constants, type Dirent } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, readdir, realpath, rename, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ServerError } from '../errors.ts';
import type { ByteRange, ObjectBytes, Objects, ObjectStat } from './contract.ts';
import { bytesOfFile } from './file-bytes.ts';
import { requireKey } from './key.ts';
import { directoryOf, fileOf, segmentOf } from './local-names.ts';

/** No key begins so. */
const TEMPORARY = '.tmp';
/** A file that is being written is touched more often. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;
/** How often a directory is made again that another process removes, being empty. */
const TRIES = 100;

/**
 * Objects as files below a directory, which several processes may use at once. A file is written beside, synced, and then
 * moved or linked to its place, so that nobody sees a part of it. A file system without hard links is refused by `create`.
 */
export class LocalObjects implements Objects {
  readonly name: string;
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
    this.name = root;
  }

  /** Makes the directory if there is none, and removes what a process that died was writing a day ago or longer. */
  static async open(directory: string): Promise<LocalObjects> {
    try {
      await mkdir(join(directory, TEMPORARY), { recursive: true, mode: 0o700 });
      const root = await realpath(directory);
      await syncDirectory(root);
      await removeAbandoned(join(root, TEMPORARY));
      return new LocalObjects(root);
    } catch (error) {
      throw unavailable(directory, error);
    }
  }

  async read(key: string, range?: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined> {
    const path = this.#path(key);
    return this.#attempt(async () => {
      const file = await openFile(path);
      return file && bytesOfFile(file, range, (error) => unavailable(this.name, error));
    });
  }

  async write(key: string, bytes: ObjectBytes): Promise<void> {
    const path = this.#path(key);
    await this.#attempt(async () => {
      await using temporary = await this.#temporary(bytes);
      await this.#place(path, () => rename(temporary.path, path));
      temporary.moved = true;
    });
  }

  async create(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const path = this.#path(key);
    return this.#attempt(async () => {
      // Most that fail to create find it there; they need not write first.
      if (await statFile(path)) {
        await absentIs(undefined, () => syncDirectory(dirname(path)));
        return false;
      }
      await using temporary = await this.#temporary(bytes);
      return await this.#place(path, () => linkNew(temporary.path, path));
    });
  }

  async stat(key: string): Promise<ObjectStat | undefined> {
    const path = this.#path(key);
    return this.#attempt(async () => {
      const found = await statFile(path);
      return found && { key, ...found };
    });
  }

  list(prefix: string, after = ''): AsyncIterable<ObjectStat> {
    return this.#below('', prefix, after);
  }

  async remove(key: string): Promise<void> {
    const path = this.#path(key);
    await this.#attempt(async () => {
      if (!(await absentIs(undefined, async () => (await unlink(path), true)))) return;
      for (let folder = dirname(path); folder !== this.#root; folder = dirname(folder)) {
        if (!(await removeEmpty(folder))) break;
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #path(key: string): string {
    requireKey(key);
    const segments = key.split('/');
    const last = segments.pop()!;
    return join(this.#root, ...segments.map(directoryOf), fileOf(last));
  }

  /** Objects below a directory, whose key is `folder`, which is empty or ends with `/`. */
  async *#below(folder: string, prefix: string, after: string): AsyncGenerator<ObjectStat, void, undefined> {
    const path = join(this.#root, ...folder.split('/').slice(0, -1).map(directoryOf));
    const entries = await this.#attempt(() => absentIs([], () => readdir(path, { withFileTypes: true })));
    const keys = entries.map((entry) => keyOf(folder, entry)).filter((key) => key !== undefined);
    for (const key of keys.sort()) {
      if (key.endsWith('/')) {
        const wanted = key.startsWith(prefix) || prefix.startsWith(key);
        if (wanted && (key > after || after.startsWith(key))) yield* this.#below(key, prefix, after);
      } else if (key.startsWith(prefix) && key > after) {
        const found = await this.stat(key);
        if (found) yield found;
      }
    }
  }

  /** A file of these bytes that is on the disk, and is removed unless it is moved. */
  async #temporary(bytes: ObjectBytes): Promise<{ readonly path: string; moved: boolean } & AsyncDisposable> {
    const path = join(this.#root, TEMPORARY, randomUUID());
    const temporary = {
      path,
      moved: false,
      async [Symbol.asyncDispose]() {
        if (!temporary.moved) await absentIs(undefined, () => unlink(path));
      },
    };
    try {
      await using file = await open(path, 'wx', 0o600);
      await file.writeFile(bytes);
      await file.sync();
    } catch (error) {
      await temporary[Symbol.asyncDispose]();
      throw error;
    }
    return temporary;
  }

  /** Does what makes a file appear at the path, in a directory that is made where it must be, and syncs that. */
  async #place<T>(path: string, appear: () => Promise<T>): Promise<T> {
    const folder = dirname(path);
    for (let attempt = 1; ; attempt++) {
      try {
        if (attempt > 1) await makeDirectory(folder);
        const done = await appear();
        await absentIs(undefined, () => syncDirectory(folder));
        return done;
      } catch (error) {
        // There is no directory yet, or another process has removed it because it was empty.
        if (codeOf(error) !== 'ENOENT' || attempt === TRIES) throw error;
      }
    }
  }

  async #attempt<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw codeOf(error) === undefined ? error : unavailable(this.name, error);
    }
  }
}

function keyOf(folder: string, entry: Dirent): string | undefined {
  const segment = segmentOf(entry.name, entry.isFile() ? 'file' : 'directory');
  if (segment === undefined || !(entry.isFile() || entry.isDirectory())) return undefined;
  return entry.isFile() ? folder + segment : `${folder}${segment}/`;
}

function openFile(path: string): Promise<FileHandle | undefined> {
  return absentIs(undefined, () => open(path, constants.O_RDONLY | constants.O_NOFOLLOW));
}

async function statFile(path: string): Promise<Omit<ObjectStat, 'key'> | undefined> {
  const found = await absentIs(undefined, () => lstat(path));
  return found?.isFile() ? { bytes: found.size, modified: Math.floor(found.mtimeMs) } : undefined;
}

/** False where there is a file already. */
async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return false;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    throw new ServerError(
      'OBJECTS_UNAVAILABLE',
      `The file system of ${to} has no hard links, without which two writers could not be kept apart; choose a directory on another`,
      { cause: error },
    );
  }
}

/** Makes directories, each on the disk before one below it is used. */
async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; ; made = dirname(made)) {
    await syncDirectory(dirname(made));
    if (made === first) return;
  }
}

/** What makes names in a directory survive a crash of the machine. */
async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  await directory.sync();
}

async function removeEmpty(directory: string): Promise<boolean> {
  try {
    await rmdir(directory);
    return true;
  } catch {
    // Tidying only: one that is not empty stays, and so does one that another process removes.
    return false;
  }
}

async function removeAbandoned(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const found = await absentIs(undefined, () => lstat(path));
    if (found && Date.now() - found.mtimeMs > ABANDONED_MS) await absentIs(undefined, () => unlink(path));
  }
}

async function absentIs<T, A>(value: A, action: () => Promise<T>): Promise<T | A> {
  try {
    return await action();
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return value;
    throw error;
  }
}

/** Of an error of the system. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'errno' in error && 'code' in error ? String(error.code) : undefined;
}

function unavailable(name: string, cause: unknown): ServerError {
  if (cause instanceof ServerError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ServerError('OBJECTS_UNAVAILABLE', `The objects in ${name} can't be used: ${reason}`, { cause });
}
