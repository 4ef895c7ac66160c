import test, { type ExecutionContext } from 'ava';
import { PostgresObjects } from '../../../server/objects/postgres.ts';
import { missingPostgres, type Postgres, sharedPostgres } from '../../fixtures/postgres.ts';
import { readAll } from './bytes.ts';
import { objectsConformance } from './conformance.ts';

const missing = await missingPostgres();

function check(title: string, body: (t: ExecutionContext, postgres: Postgres) => Promise<void>): void {
  if (missing === undefined) test(title, async (t) => body(t, await sharedPostgres()));
  else test.skip(`${title}, but not on this machine: ${missing}`, () => {});
}

if (missing === undefined) {
  objectsConformance({
    name: 'a Postgres',
    async place() {
      const url = await (await sharedPostgres()).database();
      return { open: () => PostgresObjects.open(url), async [Symbol.asyncDispose]() {} };
    },
  });
} else test.skip(`a Postgres conforms, but not on this machine: ${missing}`, () => {});

check('contents that no object has any more are swept away, after an hour', async (t, postgres) => {
  const url = await postgres.database();
  const count = async () => (await postgres.query(url, 'select count(*)::int from warpmap.pieces'))[0]?.['count'];
  const open = async (): Promise<void> => (await PostgresObjects.open(url))[Symbol.asyncDispose]();
  await using objects = await PostgresObjects.open(url);
  await objects.write('a', new Uint8Array(2_500_000));
  await objects.write('b', new Uint8Array(10).fill(7));
  await objects.write('a', new Uint8Array(10));
  async function* failing(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield new Uint8Array(1_500_000);
    throw new RangeError('no more');
  }
  await t.throwsAsync(objects.write('b', failing()), { instanceOf: RangeError });
  await open();
  t.is(await count(), 3 + 1 + 1 + 1);
  await postgres.query(url, `update warpmap.contents set dropped = dropped - interval '2 hours'`);
  await open();
  t.is(await count(), 2);
  t.deepEqual(await readAll(await objects.read('b')), new Uint8Array(10).fill(7));
});

test('a server that is not there is named', async (t) => {
  await t.throwsAsync(PostgresObjects.open('postgres://user:secret@127.0.0.1:1/database'), {
    code: 'OBJECTS_UNAVAILABLE',
    message: /^postgres:\/\/127\.0\.0\.1:1\/database can't be used/v,
  });
});
