import { createHash, randomUUID } from 'node:crypto';
import { readdir, rename, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/**
 * A download under way, beside its target. Each download writes a file of its own name, so two processes never write
 * to one file; what an ended one left behind is taken over by renaming it, which only one can.
 */
export class Partial {
  readonly path: string;
  readonly #released: string;

  private constructor(folder: string, etag: string) {
    this.path = join(folder, `${etag}.${host}-${process.pid}-${randomUUID()}.part`);
    this.#released = join(folder, `${etag}.part`);
  }

  /** A new partial file, which begins with the bytes that an ended download left. */
  static async claim(folder: string, etag: string): Promise<Partial> {
    const partial = new Partial(folder, etag);
    for (const left of [partial.#released, ...(await orphans(folder, etag))]) {
      try {
        await rename(left, partial.path);
        break;
      } catch {
        // Not there, or another process was first.
      }
    }
    return partial;
  }

  async size(): Promise<number> {
    try {
      return (await stat(this.path)).size;
    } catch {
      return 0;
    }
  }

  /** Leaves the bytes for whoever continues. */
  async release(): Promise<void> {
    await rename(this.path, this.#released).catch(() => undefined);
  }
}

/** Partial files of processes of this machine that no longer run. */
async function orphans(folder: string, etag: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => {
      const [, pid] = new RegExp(`^${etag}\\.${host}-(\\d+)-[\\w-]+\\.part$`).exec(name) ?? [];
      return pid !== undefined && !isRunning(Number(pid));
    })
    .map((name) => join(folder, name));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user counts as running.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
