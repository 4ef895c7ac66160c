import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Book } from '../../../server/apps/book.ts';
import { Bundles } from '../../../server/apps/bundles.ts';
import { nextVersion } from '../../../server/apps/changes.ts';
import type { Objects } from '../../../server/objects/contract.ts';
import { LocalObjects } from '../../../server/objects/local.ts';
import type { AppVersion } from '../../../shard/app/deployment.ts';

async function withObjects(run: (objects: Objects, directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'warpmap-book-'));
  try {
    await using objects = await LocalObjects.open(directory);
    await run(objects, directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

const bookOf = (objects: Objects): Book => new Book({ objects: async () => objects, now: () => 0, time: () => 7 });

const deployTo = (book: Book, name: string, tag: string) =>
  book.change(name, 'me', (app) => {
    const version: AppVersion = {
      version: nextVersion(app),
      bundle: 'b'.repeat(64),
      bytes: 1,
      packages: {},
      functions: [],
      strategy: 'rolling',
      tag,
    };
    return { type: 'deploy', version };
  });

/** Objects that are gone after so many changes, the last of which is made or not, but not answered. */
function dyingAfter(objects: Objects, changes: number, made: boolean): Objects {
  let left = changes;
  const change = async <T>(make: () => Promise<T>): Promise<T> => {
    if (--left > 0) return make();
    if (left === 0 && made) await make();
    throw new Error('the process was killed');
  };
  return {
    name: objects.name,
    read: (key, range) => objects.read(key, range),
    stat: (key) => objects.stat(key),
    list: (prefix, after) => objects.list(prefix, after),
    write: (key, bytes) => change(() => objects.write(key, bytes)),
    create: (key, bytes) => change(() => objects.create(key, bytes)),
    remove: (key) => change(() => objects.remove(key)),
    [Symbol.asyncDispose]: async () => {},
  };
}

for (const made of [true, false]) {
  test(`wherever a deploy is cut off, the version before stays or the new one is whole; the last step ${made ? 'done' : 'not done'}`, async (t) => {
    const seen = new Set<number | undefined>();
    for (const changes of [1, 2, 3]) {
      await withObjects(async (objects) => {
        await deployTo(bookOf(objects), 'app', 'before');
        await deployTo(bookOf(dyingAfter(objects, changes, made)), 'app', 'after').catch(() => {});
        const book = bookOf(objects);
        await book.refresh();
        const { current, changes: all } = book.get('app')!;
        t.is(current?.tag, current?.version === 1 ? 'before' : 'after');
        t.is(all.length, current!.version);
        seen.add(current?.version);
        const next = await deployTo(book, 'app', 'next');
        t.is(next.current?.version, all.length + 1, 'and it can be deployed again');
      });
    }
    t.deepEqual(seen, new Set(made ? [2] : [1, 2]));
  });
}

test('a change that was cut off before others were told is found all the same', async (t) => {
  await withObjects(async (objects) => {
    let now = 0;
    const other = new Book({ objects: async () => objects, now: () => now, time: () => 7 });
    await deployTo(other, 'app', 'first');
    await deployTo(bookOf(dyingAfter(objects, 1, true)), 'app', 'second').catch(() => {});
    await other.refresh();
    t.is(other.get('app')?.current?.version, 1, 'nothing says that there is another');
    now = 30_000;
    await other.refresh();
    t.is(other.get('app')?.current?.version, 2);
  });
});

test('a change that is made is told as made, though nobody else can be told of it', async (t) => {
  await withObjects(async (objects) => {
    await deployTo(bookOf(objects), 'app', 'before');
    const app = await deployTo(bookOf(dyingAfter(objects, 2, false)), 'app', 'after');
    t.is(app.current?.version, 2);
    t.is(app.changes.length, 2);
  });
});

test('an app whose changes are damaged is an error, and others are as they were', async (t) => {
  await withObjects(async (objects) => {
    const book = bookOf(objects);
    await deployTo(book, 'good', 'a');
    await deployTo(book, 'bad', 'a');
    for (const text of ['{', '{"number":1,"type":"delete"}', '{"number":2,"type":"stop"}', 'null']) {
      await objects.write('apps/bad/0000000001', new TextEncoder().encode(text));
      const fresh = bookOf(objects);
      await fresh.refresh();
      t.is(fresh.get('good')?.current?.version, 1);
      t.throws(() => fresh.get('bad'), { code: 'APP_CORRUPT', message: /apps\/bad\/0000000001/ });
      await t.throwsAsync(deployTo(fresh, 'bad', 'b'), { code: 'APP_CORRUPT' });
    }
  });
});

test('bytes that are not those of their hash are an error, and are never a file to be loaded', async (t) => {
  await withObjects(async (objects) => {
    const code = new TextEncoder().encode('export const a = 1;');
    const hash = createHash('sha256').update(code).digest('hex');
    const directory = await mkdtemp(join(tmpdir(), 'warpmap-bundles-test-'));
    await using bundles = new Bundles(async () => objects, directory);
    await t.throwsAsync(bundles.put('0'.repeat(64), code), { code: 'OPTION_INVALID' });
    await t.throwsAsync(bundles.file(hash), { code: 'BUNDLE_CORRUPT', message: /is not there/ });
    await bundles.put(hash, code);
    await objects.write(`bundles/${hash}`, new TextEncoder().encode('export const a = 2;'));
    await t.throwsAsync(bundles.file(hash), { code: 'BUNDLE_CORRUPT', message: /other bytes/ });
    t.deepEqual(await readdir(directory), []);
    await bundles.put(hash, code);
    const path = await bundles.file(hash);
    await writeFile(path, 'export const a = 3;');
    t.is(await bundles.file(hash), path, 'a file that was changed is written anew');
    t.deepEqual(Buffer.from(await import(path).then((module: { a: number }) => [module.a])), Buffer.from([1]));
    await rm(directory, { recursive: true });
  });
});
