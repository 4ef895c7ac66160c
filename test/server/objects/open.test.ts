import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { openObjects } from '../../../server/objects/open.ts';

test('a path and a file: URL are one directory', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'warpmap-open-'));
  t.teardown(() => rm(directory, { recursive: true }));
  await using byPath = await openObjects(directory);
  await using byUrl = await openObjects(pathToFileURL(directory).href);
  await byPath.write('k', Uint8Array.of(1));
  t.is((await byUrl.stat('k'))?.bytes, 1);
});

test('what is neither a directory nor a service is refused', async (t) => {
  await t.throwsAsync(openObjects('ftp://host/path'), {
    code: 'OPTION_INVALID',
    message: /s3, gcs, oss, cos, azblob/v,
  });
  await t.throwsAsync(openObjects('s3://'), { code: 'OPTION_INVALID' });
});
