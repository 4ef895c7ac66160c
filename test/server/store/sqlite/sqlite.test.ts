import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { SqliteStore } from '../../../../server/store/sqlite/sqlite.ts';
import { chunkStoreConformance } from '../conformance.ts';
import { begin, claim, finished } from '../conformance/stage.ts';
import { sqliteStage } from './stage.ts';

const folder = await mkdtemp(join(tmpdir(), 'warpmap-calls-'));
test.after.always(() => rm(folder, { recursive: true }));
let files = 0;
const newPath = (): string => join(folder, `${files++}`, 'calls.sqlite');

chunkStoreConformance({ name: 'SQLite in a thread', make: sqliteStage, plays: 8 });

test('what was stored is there when the file is opened again, and its id is the same', async (t) => {
  const path = newPath();
  const first = await SqliteStore.open({ path });
  const id = await begin(first, 2);
  const [lease] = await claim(first, 1);
  await first.acknowledge([finished(lease!)]);
  const status = await first.status(id);
  await first[Symbol.asyncDispose]();
  await t.throwsAsync(first.status(id), { code: 'STORE_UNAVAILABLE', message: /closed/ });
  await using again = await SqliteStore.open({ path });
  t.is(again.id, first.id);
  t.deepEqual(await again.status(id), status);
});

test('nobody else may read the file or its directory', async (t) => {
  const path = newPath();
  await using _ = await SqliteStore.open({ path });
  for (const name of [join(path, '..'), path, `${path}-wal`]) t.is((await stat(name)).mode & 0o077, 0, name);
});

test('a file that is none, or of a newer program, is not touched, and told', async (t) => {
  const path = newPath();
  await (await SqliteStore.open({ path }))[Symbol.asyncDispose]();
  const database = new DatabaseSync(path);
  database.exec('INSERT INTO migrations (version, applied) VALUES (99, 0)');
  database.close();
  const unavailable = { code: 'STORE_UNAVAILABLE' };
  await t.throwsAsync(SqliteStore.open({ path }), { ...unavailable, message: /version 99.*use a newer one/ });
  await t.throwsAsync(SqliteStore.open({ path: folder }), unavailable);
  await t.throwsAsync(SqliteStore.open({ path: join(path, 'below a file', 'calls.sqlite') }), unavailable);
});

test.serial('when its thread dies, what was asked is unavailable, and the next who asks gets another', async (t) => {
  const workers = new Set<Worker>();
  const before = Object.getOwnPropertyDescriptor(Worker.prototype, 'postMessage')!;
  type Post = (this: Worker, ...message: unknown[]) => void;
  const value: Post = function (...message) {
    workers.add(this);
    (before.value as Post).apply(this, message);
  };
  Object.defineProperty(Worker.prototype, 'postMessage', { ...before, value });
  try {
    await using store = await SqliteStore.open({ path: newPath() });
    const id = await begin(store, 1);
    const [worker] = workers;
    const asked = store.status(id);
    await worker!.terminate();
    await t.throwsAsync(asked, { code: 'STORE_UNAVAILABLE' });
    t.is((await store.status(id)).state, 'sealed');
    t.is(workers.size, 2);
  } finally {
    Object.defineProperty(Worker.prototype, 'postMessage', before);
  }
});
