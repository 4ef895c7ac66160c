import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { tuningFolder } from '../../core/tuning-folder.ts';

async function temporary(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'warpmap-tuning-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

test('what is put is got, by its key alone, and by another process too', async (t) => {
  await using folder = await temporary();
  const path = join(folder.path, 'not', 'yet');
  const store = tuningFolder(path);
  t.is(await store.get('a'), undefined);
  await store.put('a', { name: 'square' });
  await store.put('b', { name: 'stream' });
  await store.put('b', { name: 'stream, 4' });
  t.deepEqual(await tuningFolder(path).get('a'), { name: 'square' });
  t.deepEqual(await store.get('b'), { name: 'stream, 4' });
  t.is(await store.get('c'), undefined);
  t.is((await readdir(path)).length, 2);
});

test('a file that is damaged, or another key, counts as none, and is written over', async (t) => {
  await using folder = await temporary();
  const store = tuningFolder(folder.path);
  await store.put('a', 1);
  const file = join(folder.path, (await readdir(folder.path))[0]!);
  const whole = await readFile(file, 'utf8');
  for (const damaged of ['', whole.slice(0, -3), 'null', '[]', '{"key":"b","value":2}', '\0\0']) {
    await writeFile(file, damaged);
    t.is(await store.get('a'), undefined, damaged);
  }
  await store.put('a', 3);
  t.is(await store.get('a'), 3);
});

test('a folder that can not be made is done without, and leaves nothing behind', async (t) => {
  await using folder = await temporary();
  const file = join(folder.path, 'file');
  await writeFile(file, '');
  const store = tuningFolder(join(file, 'tuning'));
  await store.put('a', 1);
  t.is(await store.get('a'), undefined);
  const values = tuningFolder(folder.path);
  await values.put('a', 1n);
  t.deepEqual(await readdir(folder.path), ['file']);
});

test('many who put at once leave one whole file', async (t) => {
  await using folder = await temporary();
  const store = tuningFolder(folder.path);
  await Promise.all(Array.from({ length: 20 }, (_, value) => store.put('a', { value })));
  t.is((await readdir(folder.path)).length, 1);
  t.is(typeof ((await store.get('a')) as { value: unknown }).value, 'number');
});
