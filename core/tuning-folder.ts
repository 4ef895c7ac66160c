import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TuningStore } from '../kernels/index.ts';
import { cacheFolder } from './cache-folder.ts';

/**
 * What was found fastest on each device, a file a question, so that processes don't undo each other's. A file that is
 * damaged counts as none, and one that can't be written is done without.
 */
export function tuningFolder(folder: string = join(cacheFolder(), 'tuning')): TuningStore {
  const fileOf = (key: string): string =>
    join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
  return {
    async get(key) {
      try {
        const kept: unknown = JSON.parse(await readFile(fileOf(key), 'utf8'));
        return isEntry(kept) && kept.key === key ? kept.value : undefined;
      } catch {
        return undefined;
      }
    },
    async put(key, value) {
      const file = fileOf(key);
      const part = `${file}.${randomUUID()}`;
      try {
        await mkdir(folder, { recursive: true });
        await writeFile(part, JSON.stringify({ key, value }));
        await rename(part, file);
      } catch {
        await rm(part, { force: true }).catch(() => {});
      }
    },
  };
}

function isEntry(kept: unknown): kept is { readonly key: unknown; readonly value: unknown } {
  return typeof kept === 'object' && kept !== null && 'key' in kept && 'value' in kept;
}
