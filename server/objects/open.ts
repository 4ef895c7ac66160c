import { fileURLToPath } from 'node:url';
import { ServerError } from '../errors.ts';
import type { Objects } from './contract.ts';
import { LocalObjects } from './local.ts';
import { OpendalObjects } from './opendal.ts';
import { serviceOf } from './service.ts';

/**
 * The objects at a place: a directory, by its path or as `file:` URL, or a service, as in docs/volumes.md. Throws
 * `OBJECTS_UNAVAILABLE`, and `OPTION_INVALID` for what is no place.
 */
export async function openObjects(place: string): Promise<Objects> {
  if (!/^[a-z][a-z0-9+.\-]+:/iv.test(place)) return LocalObjects.open(place);
  const url = URL.parse(place);
  if (!url) throw new ServerError('OPTION_INVALID', 'Expected objects to be a directory or a URL, got what is neither');
  return url.protocol === 'file:' ? LocalObjects.open(fileURLToPath(url)) : OpendalObjects.open(serviceOf(url));
}
