/** One file, several processes and requests. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import { SqliteEngine } from '../../../../server/store/sqlite/engine.ts';
import { hide } from '../../../../server/store/sqlite/remove.ts';
import { openCalls } from '../../../../server/store/sqlite/schema.ts';
import { SqliteStore } from '../../../../server/store/sqlite/sqlite.ts';
import { begin, chunk, chunks, claim, COUNT, finished, start } from '../conformance/stage.ts';
import { Statements } from '../fixtures/statements.ts';
import { wrongIn } from './invariants.ts';

const folder = await mkdtemp(join(tmpdir(), 'warpmap-sharing-'));
test.after.always(() => rm(folder, { recursive: true }));
let files = 0;
const newPath = (): string => join(folder, `${files++}.sqlite`);

test('of processes that race for the chunks of one file, each gets others, and all are run once', async (t) => {
  const path = newPath();
  await using store = await SqliteStore.open({ path });
  const id = await begin(store, 200);
  const script = new URL('../fixtures/claimerMain.ts', import.meta.url).pathname;
  const racers = Array.from({ length: 3 }, () => {
    const child = spawn(process.execPath, [...process.execArgv, script, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator]() };
  });
  for (const { lines } of racers) t.is((await lines.next()).value, 'ready');
  for (const { child } of racers) child.stdin.end('go');
  const told: string[] = [];
  for (const { lines } of racers) for await (const line of lines) told.push(line);
  t.deepEqual(
    told.toSorted(),
    chunks(200)
      .map(({ index }) => `${index} true`)
      .toSorted(),
  );
  t.is((await store.status(id)).state, 'done');
});

test.serial(
  'requests that come together are written in one transaction, and one that is refused is so alone',
  async (t) => {
    using statements = new Statements();
    await using store = new SqliteEngine({ path: newPath() });
    const { id } = await store.create(start());
    const sealed = await begin(store, 1);
    statements.transactions = 0;
    const appended = Array.from({ length: 20 }, (_, index) => store.append(id, [chunk(index)]));
    const refused = t.throwsAsync(store.append(sealed, [chunk(5)]), { code: 'CALL_SEALED' });
    const leased = claim(store, 3);
    await Promise.all([...appended, refused, leased]);
    t.is(statements.transactions, 1);
    t.is((await leased).length, 3);
    t.is((await store.status(id)).counts.inputs, 20 * COUNT);
  },
);

test.serial(
  'a file that can not grow takes what fits, tells why the rest is not kept, and goes on when there is room',
  async (t) => {
    using statements = new Statements();
    const path = newPath();
    {
      await using store = new SqliteEngine({ path });
      const { id } = await store.create(start());
      await store.append(id, chunks(2));
      const [lease] = await claim(store, 1);
      const [database] = statements.databases;
      const limit = (pages: number) => database!.exec(`PRAGMA max_page_count = ${pages}`);
      const { page_count: pages } = database!.prepare('PRAGMA page_count').get()!;
      limit(Number(pages) + 8);
      const large = (index: number) => ({ ...chunk(index), block: new Uint8Array(500_000) });
      const full = { code: 'STORE_UNAVAILABLE', message: /database or disk is full/ };
      await t.throwsAsync(store.append(id, [chunk(2), large(3)]), full);
      t.is((await store.status(id)).counts.inputs, 2 * COUNT, 'nothing of it');
      // Together with what fits, which is kept.
      const [too, taken] = await Promise.allSettled([
        store.append(id, [large(2)]),
        store.acknowledge([finished(lease!)]),
      ]);
      t.like(too, { status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } });
      t.deepEqual(taken, { status: 'fulfilled', value: [true] });
      t.like((await store.status(id)).counts, { inputs: 2 * COUNT, done: COUNT });
      limit(100_000);
      await store.append(id, [large(2), chunk(3)]);
      await store.seal(id, { chunks: 4, inputs: 4 * COUNT });
      t.is((await claim(store, 9)).length, 3);
    }
    t.deepEqual(wrongIn(path), []);
  },
);

test.serial(
  'a file that another holds for too long is unavailable to all who ask, after one wait, and then there again',
  async (t) => {
    const path = newPath();
    using statements = new Statements();
    await using store = new SqliteEngine({ path, busyMs: 20 });
    using other = openCalls(path);
    other.exec('BEGIN IMMEDIATE');
    statements.transactions = 0;
    const asked = await Promise.allSettled(Array.from({ length: 10 }, () => store.create(start())));
    for (const each of asked) t.like(each, { status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } });
    t.regex(String((asked[0] as PromiseRejectedResult).reason), /locked/);
    t.is(statements.transactions, 1);
    other.exec('ROLLBACK');
    t.true((await store.create(start())).created);
  },
);

test('what a process that died over it has left of a removed call goes with the next purge, and the disk has its room back', async (t) => {
  const path = newPath();
  const store = new SqliteEngine({ path });
  const id = await begin(store, 600);
  await claim(store, 5);
  await store[Symbol.asyncDispose]();
  {
    using database = openCalls(path);
    database.transaction(() => hide({ database, now: Date.now }, id));
  }
  await using again = new SqliteEngine({ path });
  await t.throwsAsync(again.status(id), { code: 'CALL_UNKNOWN' });
  t.deepEqual(await claim(again, 9), []);
  t.is(await again.purge(1e12), 0);
  using database = openCalls(path);
  for (const table of ['chunks', 'blocks', 'outcomes', 'lines', 'remains']) {
    t.is(database.get<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`)!.rows, 0, table);
  }
  t.is(database.get<{ freelist_count: number }>('PRAGMA freelist_count')!.freelist_count, 0);
});
