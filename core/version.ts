import { existsSync, readFileSync } from 'node:fs';

/** The version of this package; its package.json lies one folder up in the sources and two up when built. */
export function packageVersion(): string {
  for (const up of ['../package.json', '../../package.json']) {
    const path = new URL(up, import.meta.url);
    if (!existsSync(path)) continue;
    const { name, version } = JSON.parse(readFileSync(path, 'utf8')) as {
      name?: unknown;
      version?: unknown;
    };
    if (name === 'warpmap' && typeof version === 'string') return version;
  }
  return 'unknown';
}
