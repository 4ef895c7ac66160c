import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ServerError } from '../../../server/errors.ts';
import type { Objects } from '../../../server/objects/contract.ts';
import { LocalObjects } from '../../../server/objects/local.ts';
import type { ChunkStore } from '../../../server/store/contract.ts';
import { LargeBodiesStore } from '../../../server/store/large.ts';
import { SqliteEngine } from '../../../server/store/sqlite/engine.ts';
import { chunkStoreConformance } from './conformance.ts';
import { begin, chunk, claim, COUNT, drain, finished, start, told } from './conformance/stage.ts';

const MIB = 1024 * 1024;

interface Fixture extends AsyncDisposable {
  /** The store below. */
  readonly rows: SqliteEngine;
  readonly objects: LocalObjects;
  readonly store: LargeBodiesStore;
  /** Opens another beside it. */
  open(objects?: Objects): Promise<LargeBodiesStore>;
  advance(milliseconds: number): void;
  keys(): Promise<string[]>;
}

async function fixture(rowBytes?: number): Promise<Fixture> {
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-large-'));
  let now = Date.UTC(2026, 10, 24);
  const objects = await LocalObjects.open(join(folder, 'objects'));
  const opened: ChunkStore[] = [];
  const engine = () => {
    const made = new SqliteEngine({ path: join(folder, 'calls.sqlite'), now: () => now });
    opened.push(made);
    return made;
  };
  const options = rowBytes === undefined ? {} : { rowBytes };
  const rows = engine();
  return {
    rows,
    objects,
    store: new LargeBodiesStore({ store: rows, objects, ...options }),
    open: async (other = objects) => new LargeBodiesStore({ store: engine(), objects: other, ...options }),
    advance: (milliseconds) => void (now += milliseconds),
    async keys() {
      const keys: string[] = [];
      for await (const { key } of objects.list('bodies/')) keys.push(key);
      return keys;
    },
    async [Symbol.asyncDispose]() {
      for (const store of opened) await store[Symbol.asyncDispose]();
      await objects[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

chunkStoreConformance({ name: 'blocks as objects', make: () => fixture(0) });

function large(length: number, fill = 1): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(fill);
}

/** A call of one chunk, as large as that. */
async function beginLarge(store: ChunkStore, block: Uint8Array<ArrayBuffer>): Promise<string> {
  const { id } = await store.create(start());
  await store.append(id, [{ ...chunk(0), block }]);
  await store.seal(id, { chunks: 1, inputs: COUNT });
  return id;
}

test('of what is claimed at once no more than 128 MiB is kept, and the rest is free for others', async (t) => {
  await using made = await fixture();
  const { id } = await made.store.create(start());
  for (const index of [0, 1, 2]) {
    await made.store.append(id, [{ ...chunk(index), block: large(50 * MIB, index) }]);
  }
  const leases = await claim(made.store, 3);
  t.deepEqual(
    leases.map(({ index, block }) => [index, block.length]),
    [
      [0, 50 * MIB],
      [1, 50 * MIB],
    ],
  );
  t.like((await made.store.status(id)).counts, { pending: COUNT, running: 2 * COUNT });
  t.like((await claim(made.store, 3))[0], { index: 2, losses: 0 });
});

test('blocks of more than 1 MiB are objects, and others are not; both come back', async (t) => {
  await using made = await fixture();
  const { store, rows } = made;
  const small = await beginLarge(store, large(MIB));
  t.deepEqual(await made.keys(), []);
  const id = await beginLarge(store, large(MIB + 1, 2));
  t.is((await made.keys()).length, 1);
  t.true((await made.keys())[0]!.startsWith(`bodies/${store.id}/${id}/`));
  const leases = await claim(store, 9);
  t.deepEqual(
    leases.map(({ block }) => [block.length, block.at(-1)]),
    [
      [MIB, 1],
      [MIB + 1, 2],
    ],
  );
  const outcomes = leases.map(({ first, block }) => [{ kind: 'outputs' as const, first, count: COUNT, block }]);
  await store.acknowledge(leases.map((lease, at) => ({ ...finished(lease), outcomes: outcomes[at]! })));
  t.is((await made.keys()).length, 2);
  for (const [at, call] of [small, id].entries()) {
    t.deepEqual((await store.outcomes(call, { from: 0, limit: 1 })).outcomes, outcomes[at]!);
  }
  const [kept] = (await rows.outcomes(id, { from: 0, limit: 1 })).outcomes;
  t.true(kept?.kind === 'outputs' && kept.block.length < 300, 'the database has but a reference');
});

test('objects are removed with their call, and no others; also by who comes after a crash in between', async (t) => {
  await using made = await fixture();
  const { store, rows } = made;
  const ids: string[] = [];
  for (let at = 0; at < 3; at++) ids.push(await beginLarge(store, large(2 * MIB)));
  await store.remove(ids[0]!);
  t.is((await made.keys()).length, 2);
  // What a process has written, or not yet removed, when it was killed.
  await rows.remove(ids[1]!);
  await made.objects.write(`bodies/${store.id}/${ids[0]}/left`, large(10));
  await made.objects.write('bodies/of-another-store/call/one', large(10));
  t.is(await store.purge(1e12), 0);
  const keys = await made.keys();
  t.is(keys.length, 2);
  t.true(keys.some((key) => key.includes(ids[2]!)) && keys.some((key) => key.includes('another')));
  t.is((await claim(store, 9))[0]!.block.length, 2 * MIB);
});

test('what is refused leaves no object', async (t) => {
  await using made = await fixture();
  const { store } = made;
  const id = await begin(store, 1);
  const block = large(2 * MIB);
  await t.throwsAsync(store.append(id, [{ ...chunk(1), block }]), { code: 'CALL_SEALED' });
  await t.throwsAsync(store.append(start().id, [{ ...chunk(0), block }]), { code: 'CALL_UNKNOWN' });
  const [lease] = await claim(store, 1);
  await store.cancel(id);
  const outcomes = [{ kind: 'outputs' as const, first: 0, count: COUNT, block }];
  t.deepEqual(await store.acknowledge([{ ...finished(lease!), outcomes }]), [false]);
  t.deepEqual(await made.keys(), []);
});

test('a block that pretends to be a reference is a block', async (t) => {
  await using made = await fixture();
  const { store, rows } = made;
  await beginLarge(store, large(2 * MIB, 7));
  const [other] = await claim(rows, 1);
  await beginLarge(store, other!.block);
  const [lease] = await claim(store, 1);
  t.deepEqual(Buffer.from(lease!.block), Buffer.from(other!.block));
});

test('a page ends when its blocks come to more than 16 MiB, wherever they are', async (t) => {
  await using made = await fixture();
  const { store } = made;
  const id = await begin(store, 5);
  const block = large(6 * MIB);
  const leases = await claim(store, 5);
  await store.acknowledge(
    leases.map((lease) => ({
      ...finished(lease),
      outcomes: [{ kind: 'outputs', first: lease.first, count: COUNT, block }],
    })),
  );
  for (const mode of ['from', 'after'] as const) {
    const pages: string[][] = [];
    for (let next = 0, end = false; !end;) {
      const at = mode === 'from' ? { from: next } : { after: next };
      const page = await store.outcomes(id, { ...at, limit: 1e6 });
      pages.push(told(page));
      ({ next, end } = page);
    }
    t.deepEqual(
      pages.filter((page) => page.length > 0),
      [['0+4', '4+4'], ['8+4', '12+4'], ['16+4']],
      mode,
    );
  }
});

test('inputs whose object was removed by hand fail, and say so; outputs are unavailable', async (t) => {
  await using made = await fixture();
  const { store } = made;
  const id = await beginLarge(store, large(2 * MIB));
  for (const key of await made.keys()) await made.objects.remove(key);
  t.deepEqual(await claim(store, 9), []);
  t.like(await store.status(id), { state: 'done' });
  const [outcome] = (await store.outcomes(id, { from: 0, limit: 1 })).outcomes;
  t.regex(outcome?.kind === 'failure' ? outcome.failure.error.message : '', /is gone/);
  const other = await begin(store, 1);
  const [lease] = await claim(store, 1);
  const outcomes = [{ kind: 'outputs' as const, first: 0, count: COUNT, block: large(2 * MIB) }];
  await store.acknowledge([{ ...finished(lease!), outcomes }]);
  for (const key of await made.keys()) await made.objects.remove(key);
  await t.throwsAsync(store.outcomes(other, { from: 0, limit: 1 }), { code: 'STORE_UNAVAILABLE', message: /is gone/ });
});

test('while objects can not be reached nothing is lost: chunks are leased again, and appends are unavailable', async (t) => {
  await using made = await fixture();
  const { store, objects } = made;
  const id = await beginLarge(store, large(2 * MIB));
  const away = (): Promise<never> => Promise.reject(new ServerError('OBJECTS_UNAVAILABLE', 'away'));
  const blind = await made.open({
    name: 'away',
    read: away,
    write: away,
    create: away,
    stat: away,
    remove: away,
    list: (prefix, after) => objects.list(prefix, after),
    [Symbol.asyncDispose]: async () => {},
  });
  t.deepEqual(await claim(blind, 9), []);
  const unavailable = { code: 'STORE_UNAVAILABLE', message: /away/ };
  await t.throwsAsync(beginLarge(blind, large(2 * MIB)), unavailable);
  t.deepEqual(await claim(store, 9), []);
  made.advance(5001);
  const [lease] = await claim(store, 9);
  t.deepEqual([lease!.call, lease!.losses], [id, 0]);
  await store.acknowledge([finished(lease!)]);
  await drain(store);
  t.is((await store.status(id)).state, 'done');
});
