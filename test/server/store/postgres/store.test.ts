import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { ServerError } from '../../../../server/errors.ts';
import type { ChunkStore, Lease } from '../../../../server/store/contract.ts';
import { Database } from '../../../../server/store/postgres/database.ts';
import { cancelCall } from '../../../../server/store/postgres/end.ts';
import { openPostgresStore } from '../../../../server/store/postgres/open.ts';
import type { CallOutcome } from '../../../../shard/call/contract.ts';
import { decodeBlock, encodeBlock } from '../../../../shard/wire/block.ts';
import { Chunks } from '../../../../shard/wire/chunks.ts';
import { missingPostgres, type Postgres, sharedPostgres } from '../../../fixtures/postgres.ts';

const missing = await missingPostgres();

type Body = (t: ExecutionContext, postgres: Postgres) => Promise<void>;

function check(title: string, body: Body, kind: typeof test | typeof test.serial = test): void {
  if (missing === undefined) kind(title, async (t) => body(t, await sharedPostgres()));
  else test.skip(`${title}, but not on this machine: ${missing}`, () => {});
}

const FUNCTION = 'app/double';
const PER_CHUNK = 4;

function block(values: readonly unknown[]): Uint8Array<ArrayBuffer> {
  return encodeBlock(values).bytes.joined();
}

function valuesOf(bytes: Uint8Array<ArrayBuffer>): unknown[] {
  return decodeBlock({ bytes: new Chunks([bytes]) });
}

async function begin(store: ChunkStore, chunks: number): Promise<string> {
  const id = randomUUID();
  await store.create({ id, function: FUNCTION });
  const numbers = Array.from({ length: chunks }, (_, index) => index);
  await store.append(
    id,
    numbers.map((index) => {
      const first = index * PER_CHUNK;
      return { index, first, count: PER_CHUNK, block: block([first, first + 1, first + 2, first + 3]) };
    }),
  );
  await store.seal(id, { chunks, inputs: chunks * PER_CHUNK });
  return id;
}

function claim(store: ChunkStore, limit: number, leaseMs = 60_000): Promise<Lease[]> {
  return store.claim({ node: 'test', functions: [{ function: FUNCTION }], limit, leaseMs });
}

function doubled({ first, count, block: inputs }: Lease): CallOutcome {
  return { kind: 'outputs', first, count, block: block(valuesOf(inputs).map((value) => Number(value) * 2)) };
}

async function finish(store: ChunkStore, leases: readonly Lease[]): Promise<boolean[]> {
  return await store.acknowledge(
    leases.map((lease) => ({ lease, outcomes: [doubled(lease)], retried: 0, next: 'finish' })),
  );
}

async function outputsOf(store: ChunkStore, call: string): Promise<unknown[]> {
  const outputs: unknown[] = [];
  for (let from = 0; ;) {
    const { outcomes, next, end } = await store.outcomes(call, { from, limit: 1_000 });
    for (const outcome of outcomes) if (outcome.kind === 'outputs') outputs.push(...valuesOf(outcome.block));
    if (end || next === from) return outputs;
    from = next;
  }
}

check('nodes that open a new database at once make its tables once', async (t, postgres) => {
  const url = await postgres.database();
  const stores = await Promise.all([1, 2, 3].map(() => openPostgresStore(url)));
  t.is(new Set(stores.map(({ id }) => id)).size, 1);
  for (const store of stores) await store[Symbol.asyncDispose]();
});

check('tables of a later version are refused', async (t, postgres) => {
  const url = await postgres.database();
  await (await openPostgresStore(url))[Symbol.asyncDispose]();
  await postgres.query(url, 'update warpmap.meta set version = 1000');
  await t.throwsAsync(openPostgresStore(url), { code: 'STORE_NEWER', message: /1000.*update warpmap/v });
});

check('a password that is refused stands in no error', async (t, postgres) => {
  const url = new URL(await postgres.database());
  url.password = 'a-secret-of-mine';
  const error = await t.throwsAsync(openPostgresStore(url.href), { code: 'STORE_UNAVAILABLE' });
  t.false(inspect(error, { depth: 10, showHidden: true }).includes('a-secret-of-mine'));
});

test('an address that is none is refused without telling what it was', async (t) => {
  for (const address of [
    'postgres:/user:a-secret-of-mine@host',
    'postgres://user:a-secret-of-mine@[host',
    'mysql://h/d',
  ]) {
    const error = await t.throwsAsync(openPostgresStore(address), { code: 'OPTION_INVALID' });
    t.false(inspect(error, { depth: 10, showHidden: true }).includes('a-secret-of-mine'));
  }
});

test('a server that is not there is named, and may be asked again', async (t) => {
  await t.throwsAsync(openPostgresStore('postgres://user:secret@127.0.0.1:1/database'), {
    code: 'STORE_UNAVAILABLE',
    message: /^postgres:\/\/127\.0\.0\.1:1\/database can't be used/v,
  });
});

check('what finished a chunk removed its job from the queue', async (t, postgres) => {
  const url = await postgres.database();
  await using store = await openPostgresStore(url);
  await begin(store, 3);
  const jobs = () => postgres.query(url, 'select name, data from warpmap_queue.job');
  t.is((await jobs()).length, 3);
  const leases = await claim(store, 2);
  t.deepEqual(await finish(store, leases), [true, true]);
  t.deepEqual(
    (await jobs()).map(({ name, data }) => [name, Object.keys(data as object).toSorted()]),
    [['app/double', ['call', 'index']]],
  );
});

check('a call that is cancelled leaves nothing in the queue', async (t, postgres) => {
  const url = await postgres.database();
  await using store = await openPostgresStore(url);
  const call = await begin(store, 12_000);
  await claim(store, 4);
  await store.cancel(call);
  t.deepEqual(await postgres.query(url, 'select id from warpmap_queue.job'), []);
});

check(
  'a node that died amid a cancel leaves jobs that stand for nothing, which a claim clears away',
  async (t, postgres) => {
    const url = await postgres.database();
    await using store = await openPostgresStore(url);
    const cancelled = await begin(store, 20);
    await using database = new Database(url);
    await database.transaction((session) => cancelCall(session, cancelled));
    const call = await begin(store, 2);
    const leases = await claim(store, 2);
    t.deepEqual(
      leases.map((lease) => [lease.call, lease.index]),
      [
        [call, 0],
        [call, 1],
      ],
    );
    t.deepEqual(await claim(store, 2), []);
    const jobs = await postgres.query(url, 'select id from warpmap_queue.job');
    t.is(jobs.length, 2);
  },
);

check('a call that begins later is served beside one that is long, and neither waits for ever', async (t, postgres) => {
  await using store = await openPostgresStore(await postgres.database());
  const long = await begin(store, 60);
  await finish(store, await claim(store, 20));
  const served: string[] = [];
  // Calls that go on coming, each as soon as the last one was served.
  for (let round = 0; round < 10; round++) {
    await begin(store, 1);
    const leases = await claim(store, 2);
    served.push(...leases.map(({ call }) => call));
    await finish(store, leases);
  }
  const turns = served.filter((call) => call === long).length;
  t.true(turns >= 9 && turns <= 11, `the long call was served ${turns} times of ${served.length}`);
});

check('a reader that goes on from the last number misses nothing of writers beside each other', async (t, postgres) => {
  const url = await postgres.database();
  await using store = await openPostgresStore(url);
  await using other = await openPostgresStore(url);
  const call = await begin(store, 120);
  const write = async (through: ChunkStore): Promise<void> => {
    for (;;) {
      const leases = await claim(through, 2);
      if (leases.length === 0) return;
      await finish(through, leases);
    }
  };
  const positions: number[] = [];
  const read = async (): Promise<void> => {
    for (let after = 0; ;) {
      const { outcomes, next, end } = await store.outcomes(call, { after, limit: 40 });
      positions.push(...outcomes.map(({ first }) => first));
      if (end) return;
      after = next;
    }
  };
  await Promise.all([read(), write(store), write(store), write(other), write(other)]);
  t.deepEqual(
    positions.toSorted((one, next) => one - next),
    Array.from({ length: 120 }, (_, index) => index * PER_CHUNK),
  );
});

check(
  'a server that crashes under load loses nothing that was acknowledged, and is used again when it is back',
  async (t, postgres) => {
    await using store = await openPostgresStore(await postgres.database());
    const untilDone = async <Result>(verb: () => Promise<Result>): Promise<Result> => {
      for (;;) {
        try {
          return await verb();
        } catch (error) {
          if (!(error instanceof ServerError) || error.code !== 'STORE_UNAVAILABLE') throw error;
          failures++;
        }
      }
    };
    let failures = 0;
    let finished = 0;
    const call = await begin(store, 200);
    const crashes = (async () => {
      for (let crash = 0; crash < 2; crash++) {
        const before = finished;
        while (finished < before + 40) await new Promise((resolve) => setImmediate(resolve));
        await postgres.crash();
      }
    })();
    const work = async (): Promise<void> => {
      while ((await untilDone(() => store.status(call))).state !== 'done') {
        // Leases whose claim was not heard end by themselves.
        const leases = await untilDone(() => claim(store, 3, 300));
        const taken = await untilDone(() => finish(store, leases));
        finished += taken.filter(Boolean).length;
      }
    };
    await Promise.all([crashes, work(), work(), work()]);
    t.true(failures > 0);
    t.deepEqual(
      await outputsOf(store, call),
      Array.from({ length: 200 * PER_CHUNK }, (_, index) => index * 2),
    );
    const { counts } = await store.status(call);
    t.deepEqual([counts.done, counts.pending, counts.running], [200 * PER_CHUNK, 0, 0]);
  },
  test.serial,
);
