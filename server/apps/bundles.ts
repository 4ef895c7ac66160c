import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, open, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerError } from '../errors.ts';
import type { Objects } from '../objects/contract.ts';
import { readObjectWhole } from '../objects/whole.ts';

/** The bundles of deployed apps, and their declarations: in the objects by their hash, and as files for workers to load. */
export class Bundles implements AsyncDisposable {
  readonly #objects: () => Promise<Objects>;
  readonly #directory: string | undefined;
  /** Made where none was given, and removed again. */
  #temporary: Promise<string> | undefined;

  constructor(objects: () => Promise<Objects>, directory: string | undefined) {
    this.#objects = objects;
    this.#directory = directory;
  }

  /** Stores what has that hash. Does nothing if it is there. Throws `OPTION_INVALID` for other bytes. */
  async put(hash: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const its = hashOf(bytes);
    if (its !== hash) {
      throw new ServerError('OPTION_INVALID', `Expected the bytes of ${hash}, got those of ${its}; upload them again`);
    }
    const objects = await this.#objects();
    const key = keyOf(hash);
    if (await objects.create(key, bytes)) return;
    // It may have been damaged since, and this is the chance to mend it.
    const there = await readObjectWhole(objects, key);
    if (!there || hashOf(there) !== hash) await objects.write(key, bytes);
  }

  async has(hash: string): Promise<boolean> {
    return (await (await this.#objects()).stat(keyOf(hash))) !== undefined;
  }

  /** Throws `BUNDLE_CORRUPT` where it is not there, or not those bytes. */
  async read(hash: string): Promise<Uint8Array<ArrayBuffer>> {
    const objects = await this.#objects();
    const key = keyOf(hash);
    const bytes = await readObjectWhole(objects, key);
    if (bytes && hashOf(bytes) === hash) return bytes;
    const what = bytes ? 'has other bytes than its name says' : 'is not there';
    throw new ServerError('BUNDLE_CORRUPT', `The object ${key} of ${objects.name} ${what}; deploy the app again`);
  }

  /** The path of a file that has been verified just now. Throws `BUNDLE_CORRUPT`. */
  async file(hash: string): Promise<string> {
    const path = join(await this.#folder(), `${hash}.mjs`);
    const there = await readFile(path).catch(() => undefined);
    if (there && hashOf(there) === hash) return path;
    await writeWhole(path, await this.read(hash));
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const temporary = await this.#temporary;
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  }

  async #folder(): Promise<string> {
    if (this.#directory === undefined) return (this.#temporary ??= mkdtemp(join(tmpdir(), 'warpmap-bundles-')));
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    return this.#directory;
  }
}

function keyOf(hash: string): string {
  return `bundles/${hash}`;
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Others may load the file at any time. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const beside = `${path}.${randomUUID()}`;
  try {
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
