import { join } from 'node:path';
import { cacheFolder } from '../../core/cache-folder.ts';

/**
 * Variables by which workers keep what their modules compile to, so that the next starts sooner; in a folder of this
 * user's, since code is run from it. What the user has set stays.
 */
export function compileCache(environment: NodeJS.ProcessEnv = process.env): Readonly<Record<string, string>> {
  if (environment['NODE_COMPILE_CACHE'] !== undefined) return {};
  return { NODE_COMPILE_CACHE: join(cacheFolder(environment), 'compile') };
}
