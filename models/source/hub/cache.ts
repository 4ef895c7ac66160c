import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join, relative } from 'node:path';
import type { HubReference } from '../reference.ts';

const commitPattern = /^[0-9a-f]{40}$/;

export function isCommit(revision: string): boolean {
  return commitPattern.test(revision);
}

/** One repository in the cache that `huggingface_hub` uses too: blobs by ETag, snapshots of links, refs by name. */
export class RepositoryCache {
  readonly folder: string;
  readonly blobs: string;

  constructor(cache: string, repository: string) {
    this.folder = join(cache, `models--${repository.replace('/', '--')}`);
    this.blobs = join(this.folder, 'blobs');
  }

  snapshot(commit: string): string {
    return join(this.folder, 'snapshots', commit);
  }

  /** The commit that a revision was when it was last fetched. */
  async commitOf({ revision }: HubReference): Promise<string | undefined> {
    if (isCommit(revision)) {
      return revision;
    }
    const text = await readFile(join(this.folder, 'refs', revision), 'utf8').catch(() => '');
    return isCommit(text.trim()) ? text.trim() : undefined;
  }

  async remember({ revision }: HubReference, commit: string): Promise<void> {
    if (!isCommit(revision)) {
      await this.#write(join(this.folder, 'refs', revision), commit);
    }
  }

  /** Whether the repository is known not to have the file at this commit. */
  isMissing(commit: string, path: string): boolean {
    return existsSync(join(this.folder, '.no_exist', commit, path));
  }

  async rememberMissing(commit: string, path: string): Promise<void> {
    await this.#write(join(this.folder, '.no_exist', commit, path), '');
  }

  has(commit: string, path: string): boolean {
    return existsSync(join(this.snapshot(commit), path));
  }

  /** Puts a blob into a snapshot: a link, or the file itself where links are not allowed. */
  async link(commit: string, path: string, blob: string): Promise<void> {
    const target = join(this.snapshot(commit), path);
    await mkdir(dirname(target), { recursive: true });
    try {
      await symlink(relative(dirname(target), join(this.blobs, blob)), target);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPERM' || code === 'ENOSYS' || code === 'UNKNOWN') {
        await rename(join(this.blobs, blob), target);
      } else if (code !== 'EEXIST') {
        throw error;
      }
    }
  }

  async #write(path: string, content: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    const temporary = `${path}.${randomUUID()}`;
    await writeFile(temporary, content);
    await rename(temporary, path);
  }
}
