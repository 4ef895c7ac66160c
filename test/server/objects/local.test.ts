import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { LocalObjects } from '../../../server/objects/local.ts';
import { readAll } from './bytes.ts';
import { objectsConformance } from './conformance.ts';

const folder = await mkdtemp(join(tmpdir(), 'warpmap-objects-'));
test.after.always(() => rm(folder, { recursive: true }));
let places = 0;
const fresh = (): string => join(folder, String(places++));
const text = (value: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(value));

objectsConformance({
  name: 'a directory',
  async place() {
    const directory = fresh();
    return { open: () => LocalObjects.open(directory), async [Symbol.asyncDispose]() {} };
  },
});

test('exactly one of several processes creates an object', async (t) => {
  const directory = fresh();
  const main = join(import.meta.dirname, 'fixtures/createMain.ts');
  const rounds = 40;
  const processes = Array.from({ length: 3 }, (_, index) =>
    spawn(process.execPath, ['--conditions=warpmap:source', main, directory, String(rounds), String(index)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  // All wait for the word, so that they race.
  await Promise.all(processes.map(({ stdout }) => once(stdout, 'readable')));
  for (const { stdin } of processes) stdin.end('go');
  const outputs = await Promise.all(processes.map(({ stdout }) => Array.fromAsync(stdout)));
  const won = outputs.map((output) => JSON.parse(Buffer.concat(output).toString()) as number[]);
  t.deepEqual(
    won.flat().toSorted((a, b) => a - b),
    Array.from({ length: rounds }, (_, round) => round),
  );
  await using objects = await LocalObjects.open(directory);
  for (const [index, rows] of won.entries()) {
    for (const round of rows) {
      t.is(Buffer.from((await readAll(await objects.read(`round/${round}`)))!).toString(), `by ${index}`);
    }
  }
});

test('a link does not lead out of the directory', async (t) => {
  const directory = fresh();
  await using objects = await LocalObjects.open(directory);
  await writeFile(join(folder, 'secret'), 'secret');
  await mkdir(join(directory, 'a'));
  await symlink(join(folder, 'secret'), join(directory, 'a', 'b='));
  await t.throwsAsync(objects.read('a/b'), { code: 'OBJECTS_UNAVAILABLE' });
  t.is(await objects.stat('a/b'), undefined);
  t.deepEqual(await Array.fromAsync(objects.list('')), []);
  await objects.write('a/b', text('mine'));
  t.is(await readFile(join(folder, 'secret'), 'utf8'), 'secret');
});

test('names differ by more than case, and files that are not ours are left alone', async (t) => {
  const directory = fresh();
  await using objects = await LocalObjects.open(directory);
  await objects.write('App/Bundle.mjs', text('x'));
  t.deepEqual(await readdir(directory), ['.tmp', '=app']);
  t.deepEqual(await readdir(join(directory, '=app')), ['=bundle.mjs=']);
  await writeFile(join(directory, '=app', 'README'), 'x');
  await writeFile(join(directory, '=app', 'UPPER='), 'x');
  t.deepEqual(
    (await Array.fromAsync(objects.list(''))).map(({ key }) => key),
    ['App/Bundle.mjs'],
  );
});

test('what a process that died was writing is removed a day later, and no earlier', async (t) => {
  const directory = fresh();
  await using first = await LocalObjects.open(directory);
  await first.write('k', text('x'));
  const [old, recent] = ['old', 'recent'].map((name) => join(directory, '.tmp', name)) as [string, string];
  await writeFile(old, 'x');
  await writeFile(recent, 'x');
  const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 60 * 60;
  await utimes(old, twoDaysAgo, twoDaysAgo);
  await using _again = await LocalObjects.open(directory);
  t.deepEqual(await readdir(join(directory, '.tmp')), ['recent']);
});

test('nothing is left beside the objects, and no empty directory', async (t) => {
  const directory = fresh();
  await using objects = await LocalObjects.open(directory);
  await objects.write('a/b/c', text('x'));
  await objects.create('a/b/c', text('y'));
  await objects.create('a/b/d', text('y'));
  await objects.remove('a/b/c');
  await objects.remove('a/b/d');
  t.deepEqual(await readdir(directory, { recursive: true }), ['.tmp']);
});

test('writing and removing in one directory by two users at once loses nothing', async (t) => {
  const directory = fresh();
  await using one = await LocalObjects.open(directory);
  await using two = await LocalObjects.open(directory);
  for (let round = 0; round < 100; round++) {
    await Promise.all([
      one.write('a/b/one', text('1')),
      two.write('a/b/two', text('2')).then(() => two.remove('a/b/two')),
    ]);
    t.not(await one.stat('a/b/one'), undefined);
    await one.remove('a/b/one');
  }
});

test('a directory that can not be one is told of', async (t) => {
  const path = fresh();
  await writeFile(path, 'a file');
  await t.throwsAsync(LocalObjects.open(path), { code: 'OBJECTS_UNAVAILABLE', message: /can't be used: E/v });
});

const asRoot = process.getuid?.() === 0;
(asRoot ? test.skip : test)(
  'a directory that can not be written says why, and serves reads (not as root)',
  async (t) => {
    const directory = fresh();
    await using objects = await LocalObjects.open(directory);
    await objects.write('k', text('x'));
    await chmod(join(directory, '.tmp'), 0o500);
    await t.throwsAsync(objects.write('k', text('y')), { code: 'OBJECTS_UNAVAILABLE', message: /EACCES/v });
    t.is(Buffer.from((await readAll(await objects.read('k')))!).toString(), 'x');
    await chmod(join(directory, '.tmp'), 0o700);
  },
);
