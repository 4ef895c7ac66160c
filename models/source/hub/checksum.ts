import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/**
 * The hub names large files by the sha256 of their content and small ones by their git blob id, both as the ETag.
 * A mirror may send other ETags; those can't be checked, and the length must do.
 */
export async function matchesEtag(path: string, etag: string): Promise<boolean> {
  if (/^[0-9a-f]{64}$/.test(etag)) {
    return (await digest(path, 'sha256')) === etag;
  }
  if (/^[0-9a-f]{40}$/.test(etag)) {
    const { size } = await stat(path);
    return (await digest(path, 'sha1', `blob ${size}\0`)) === etag;
  }
  return true;
}

async function digest(path: string, algorithm: 'sha1' | 'sha256', before = ''): Promise<string> {
  const hash = createHash(algorithm);
  hash.update(before);
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
