import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Makes the directory if there is none, for its owner's eyes only, so that it is still there after a crash of the machine. */
export function makeDirectory(path: string): void {
  const made = mkdirSync(path, { recursive: true, mode: 0o700 });
  // On Windows a directory can't be opened, and needs not be.
  if (made === undefined || process.platform === 'win32') return;
  const top = dirname(resolve(made));
  for (let each = resolve(path); ; each = dirname(each)) {
    const directory = openSync(each, 'r');
    fsyncSync(directory);
    closeSync(directory);
    if (each === top) return;
  }
}
