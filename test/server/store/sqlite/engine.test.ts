import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import { SqliteEngine } from '../../../../server/store/sqlite/engine.ts';
import { chunkStoreConformance } from '../conformance.ts';
import { begin } from '../conformance/stage.ts';

chunkStoreConformance({
  name: 'SQLite on this thread',
  async make() {
    const folder = await mkdtemp(join(tmpdir(), 'warpmap-calls-'));
    let now = Date.UTC(2026, 10, 24);
    const opened: SqliteEngine[] = [];
    return {
      async open() {
        const engine = new SqliteEngine({ path: join(folder, 'calls.sqlite'), now: () => now });
        opened.push(engine);
        return engine;
      },
      advance: (milliseconds) => void (now += milliseconds),
      async [Symbol.asyncDispose]() {
        for (const engine of opened) await engine[Symbol.asyncDispose]();
        await rm(folder, { recursive: true });
      },
    };
  },
});

test('who closes it does not wait until all that a removed call has left is gone; the next purge sees to that', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-calls-'));
  const path = join(folder, 'calls.sqlite');
  const left = (): number => {
    using database = new DatabaseSync(path);
    return Number(database.prepare('SELECT count(*) AS count FROM chunks').get()!['count']);
  };
  const first = new SqliteEngine({ path });
  const id = await begin(first, 600);
  const removing = first.remove(id);
  await first[Symbol.asyncDispose]();
  await removing;
  t.true(left() > 0);
  await using next = new SqliteEngine({ path });
  await t.throwsAsync(next.status(id), { code: 'CALL_UNKNOWN' });
  t.is(await next.purge(1_000_000), 0);
  t.is(left(), 0);
  await rm(folder, { recursive: true });
});
