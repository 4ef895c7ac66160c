import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** Where this package keeps what it can make again: `$WARPMAP_CACHE`, else `warpmap` in the user's cache folder. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const own = environment['WARPMAP_CACHE'];
  if (own !== undefined && own !== '') return resolve(own);
  const shared = environment['XDG_CACHE_HOME'];
  return join(shared !== undefined && isAbsolute(shared) ? shared : join(homedir(), '.cache'), 'warpmap');
}
