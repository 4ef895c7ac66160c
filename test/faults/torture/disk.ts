/** A small disk of its own under a folder, which can be filled to the last byte. */
import { execFile } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const BLOCK = Buffer.alloc(65_536);

export class Disk implements AsyncDisposable {
  readonly folder: string;
  readonly #ballast: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.#ballast = join(folder, 'ballast');
  }

  /** Undefined where this user may mount nothing. */
  static async mount(folder: string, mebibytes: number): Promise<Disk | undefined> {
    await mkdir(folder, { recursive: true });
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'warpmap-torture', folder]);
      return new Disk(folder);
    } catch {
      return undefined;
    }
  }

  /** Leaves no byte. */
  fill(): void {
    const file = openSync(this.#ballast, 'a');
    try {
      for (let size = BLOCK.length; size > 0; size = Math.floor(size / 2)) append(file, size);
    } finally {
      closeSync(file);
    }
  }

  empty(): void {
    rmSync(this.#ballast, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run('umount', ['--lazy', this.folder]);
  }
}

/** Pieces of that size, until there is no room for one. */
function append(file: number, size: number): void {
  try {
    while (writeSync(file, BLOCK, 0, size) === size);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
