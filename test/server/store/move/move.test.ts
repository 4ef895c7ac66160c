import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { LocalObjects } from '../../../../server/objects/local.ts';
import type { ChunkStore } from '../../../../server/store/contract.ts';
import type { Movable } from '../../../../server/store/move/contract.ts';
import { moveAll } from '../../../../server/store/move/move.ts';
import { openPlace } from '../../../../server/store/move/open.ts';
import { openPostgresStore } from '../../../../server/store/postgres/open.ts';
import { SqliteStore } from '../../../../server/store/sqlite/sqlite.ts';
import { main, runCommand } from '../../../cli/fixtures/command.ts';
import { missingPostgres, sharedPostgres } from '../../../fixtures/postgres.ts';
import { begin, chunk, claim, COUNT, drain, failure, finished, outputs, start } from '../conformance/stage.ts';

const missing = await missingPostgres();
const folder = await mkdtemp(join(tmpdir(), 'warpmap-move-'));
test.after.always(() => rm(folder, { recursive: true }));
let folders = 0;
const newFolder = (): string => join(folder, String(folders++));

function check(title: string, body: (t: ExecutionContext) => Promise<void>): void {
  if (missing === undefined) test(title, body);
  else test.skip(`${title}, but not on this machine: ${missing}`, () => {});
}

/** Calls in each state, and of each kind. */
async function fill(store: ChunkStore): Promise<void> {
  await begin(store, 3, { key: 'done', options: { weights: Float32Array.of(1, 2) }, retries: { maxRetries: 2 } });
  await drain(store, [2, 9]);
  const half = await begin(store, 3);
  const [one, two] = await claim(store, 2);
  await store.acknowledge([
    { ...finished(one!), outcomes: [outputs(0, 2), failure(2)], failures: [3, 2], next: { release: { afterMs: 0 } } },
    { ...finished(two!), retried: 3 },
  ]);
  await store.log(half, [
    { time: 1, level: 'info', message: 'first', node: 'n' },
    { time: 2, level: 'warn', message: 'second', node: 'n', index: 3, fields: { a: [1] } },
  ]);
  const cancelled = await begin(store, 2, { function: 'app/g' });
  await store.acknowledge((await claim(store, 1, { functions: [{ function: 'app/g' }] })).map(finished));
  await store.cancel(cancelled);
  const { id } = await store.create(start({ function: 'app/h', version: 4, single: true }));
  await store.append(id, [chunk(0)]);
  await begin(store, 0);
}

/** All that is in a store, but for what says how it is kept. */
async function dump(store: Movable): Promise<unknown> {
  const calls = [];
  for (const id of await store.calls()) {
    const { call, chunks, outcomes, lines } = (await store.read(id))!;
    const all = [];
    for await (const { fence: _, ...each } of chunks()) all.push(each);
    calls.push({
      call,
      chunks: all,
      outcomes: await Array.fromAsync(outcomes()),
      lines: await Array.fromAsync(lines()),
    });
  }
  const text = JSON.stringify(calls, (_, value: unknown) => (value instanceof Uint8Array ? digest(value) : value));
  return JSON.parse(text) as unknown;
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

check('what goes from SQLite to Postgres and back is the same, and runs on', async (t) => {
  const [first, second] = [newFolder(), newFolder()];
  const url = await (await sharedPostgres()).database();
  const objects = await LocalObjects.open(join(first, 'objects'));
  await objects.write('volumes/a/b', new Uint8Array(2_500_000).fill(3));
  await objects.write('bundles/empty', new Uint8Array(0));
  {
    await using store = await SqliteStore.open({ path: join(first, 'calls.sqlite') });
    await fill(store);
  }
  // As it is done.
  const there = await runCommand(main, ['store', 'move', first, url]);
  t.deepEqual([there.code, there.stderr], [0, '']);
  t.regex(there.stdout, /: 5 calls with 9 chunks, .* 2 lines of logs; 2 objects of 2500000 bytes/v);
  t.false(there.stdout.includes((await sharedPostgres()).password));
  const back = await runCommand(main, ['store', 'move', url, second]);
  t.is(back.code, 0);

  await using from = await openPlace({ store: first, there: true });
  await using between = await openPlace({ store: url, there: true });
  await using to = await openPlace({ store: second, there: true });
  const all = await dump(from.store);
  t.is((all as unknown[]).length, 5);
  t.deepEqual(await dump(between.store), all);
  t.deepEqual(await dump(to.store), all);
  for (const { objects: kept } of [between, to]) {
    t.deepEqual(
      (await Array.fromAsync(kept.list(''))).map(({ key, bytes }) => [key, bytes]),
      [
        ['bundles/empty', 0],
        ['volumes/a/b', 2_500_000],
      ],
    );
  }

  // The same waits to be run in each, and what was said under a lease of before counts nowhere.
  for (const store of [await openPostgresStore(url), await SqliteStore.open({ path: join(second, 'calls.sqlite') })]) {
    await using owned = store;
    const leases = await claim(owned, 10);
    t.deepEqual(
      leases.map(({ index, settled, failures }) => [index, settled, failures]),
      [
        [0, [0, 3], [3, 2]],
        [2, [], []],
      ],
    );
    t.deepEqual(await owned.acknowledge([{ ...finished(leases[0]!), lease: { ...leases[0]!, fence: 1 } }]), [false]);
    await owned.acknowledge([{ ...finished(leases[0]!), outcomes: [outputs(3, 1)] }, finished(leases[1]!)]);
    t.is((await owned.status(leases[0]!.call)).state, 'done');
    const [cancelled] = await owned.list({ state: 'cancelled', limit: 1 });
    t.is(await owned.retry(cancelled!.id), COUNT);
    const [known] = await owned.list({ state: 'done', limit: 9 }).then((done) => done.filter(({ key }) => key));
    t.deepEqual(await owned.create(start({ key: 'done' })), { id: known!.id, created: false });
    t.is(await owned.retry(known!.id), 2);
    await drain(owned);
    t.is((await owned.status(known!.id)).counts.done, 3 * COUNT);
  }
});

check('a move that is cut off goes on where it was, and what is there stays', async (t) => {
  const first = newFolder();
  const postgres = await sharedPostgres();
  const url = await postgres.database();
  {
    await using store = await SqliteStore.open({ path: join(first, 'calls.sqlite') });
    await fill(store);
  }
  await using from = await openPlace({ store: first, there: true });
  await using to = await openPlace({ store: url, there: false });
  const cut = new Error('cut off');
  await t.throwsAsync(
    moveAll(from, to, ({ calls }) => {
      if (calls === 2) throw cut;
    }),
    { is: cut },
  );
  t.is((await to.store.calls()).length, 2);
  t.like(await moveAll(from, to), { calls: 3, callsBefore: 2 });
  t.like(await moveAll(from, to), { calls: 0, callsBefore: 5 });
  t.deepEqual(await dump(to.store), await dump(from.store));
});

test('a store that nodes run chunks of is not moved', async (t) => {
  const first = newFolder();
  await using store = await SqliteStore.open({ path: join(first, 'calls.sqlite') });
  await begin(store, 2);
  await claim(store, 1);
  await using from = await openPlace({ store: first, there: true });
  await using to = await openPlace({ store: newFolder(), there: false });
  await t.throwsAsync(moveAll(from, to), { code: 'STORE_BUSY', message: /Nodes run 1 chunks/v });
  t.deepEqual(await to.store.calls(), []);
});

test('a call that changes while it is copied is not kept', async (t) => {
  const first = newFolder();
  await using store = await SqliteStore.open({ path: join(first, 'calls.sqlite') });
  const id = await begin(store, 2);
  await using from = await openPlace({ store: first, there: true });
  await using to = await openPlace({ store: newFolder(), there: false });
  const changing: Movable = {
    name: from.store.name,
    leases: () => from.store.leases(),
    calls: () => from.store.calls(),
    async read(call) {
      const contents = await from.store.read(call);
      await drain(store);
      return contents;
    },
    write: () => Promise.reject(new Error('not asked for')),
    async [Symbol.asyncDispose]() {},
  };
  await t.throwsAsync(moveAll({ ...from, store: changing }, to), { code: 'STORE_BUSY', message: new RegExp(id, 'v') });
  t.deepEqual(await to.store.calls(), []);
});

test('a place without a store, and that of a node, are refused', async (t) => {
  const nowhere = newFolder();
  await t.throwsAsync(openPlace({ store: nowhere, there: true }), {
    code: 'OPTION_INVALID',
    message: /calls\.sqlite/v,
  });
  await t.throwsAsync(openPlace({ store: 'http://10.0.0.1:7411', there: true }), {
    code: 'OPTION_INVALID',
    message: /got that of a node/v,
  });
});
