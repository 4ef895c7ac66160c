import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import { SqliteEngine } from '../../../../server/store/sqlite/engine.ts';
import { chunk, claim, failure, finished, LEASE_MS } from '../conformance/stage.ts';

/** The statements that a verb uses, each with what SQLite does to run it, where there are calls, leases and failures. */
async function plansOf(verb: (store: SqliteEngine, call: string) => Promise<unknown>): Promise<string[]> {
  const used: string[] = [];
  const databases = new Set<DatabaseSync>();
  const { prepare } = DatabaseSync.prototype;
  DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string) {
    databases.add(this);
    used.push(sql);
    return prepare.call(this, sql);
  };
  try {
    await using store = new SqliteEngine({ path: ':memory:' });
    const { id } = await store.create({ id: 'a', function: 'app/f' });
    await store.append(id, [chunk(0), chunk(1), chunk(2)]);
    await verb(store, id);
    const [database] = databases;
    const ours = new Set(used.filter((sql) => /^\s*(?:select|update|delete)/i.test(sql)));
    return [...ours].flatMap((sql) =>
      prepare
        .call(database!, `EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map((row) => `${String(row['detail'])} | ${sql}`),
    );
  } finally {
    DatabaseSync.prototype.prepare = prepare;
  }
}

/** Looks at all chunks, outcomes or lines, be it of one call. */
const EXHAUSTIVE = /^(?:SCAN (?!store|remains)|SEARCH \w+ USING (?:PRIMARY KEY|INDEX \w*_by_\w+) \(call=\?\))/;
/** But only those of the calls, chunks and outcomes that wait for something. */
const SMALL =
  /^(?:SCAN|SEARCH) \w+ USING (?:COVERING )?INDEX (?:chunks_ready|chunks_since|chunks_until|calls_unfinished)\b/;

const looksAtFew = test.macro({
  title: (_, verbs: string) => `however many chunks and outcomes there are, ${verbs} look at few of them`,
  async exec(t, _verbs: string, verb: (store: SqliteEngine, call: string) => Promise<unknown>) {
    const plans = await plansOf(verb);
    t.true(plans.length > 3);
    t.deepEqual(
      plans.filter((plan) => EXHAUSTIVE.test(plan) && !SMALL.test(plan)),
      [],
    );
    t.false(
      plans.some((plan) => /TEMP B-TREE|AUTOMATIC/.test(plan)),
      'nor sort them',
    );
  },
});

test(looksAtFew, 'claim, renew and acknowledge', async (store) => {
  const leases = await claim(store, 3);
  await store.renew(leases, LEASE_MS);
  const [one, two, three] = leases;
  await store.acknowledge([
    { lease: one!, outcomes: [failure(0)], retried: 0, failures: [1, 1], next: { release: { afterMs: 0 } } },
    finished(two!),
    { lease: three!, outcomes: [], retried: 0, next: { release: { afterMs: 1 } } },
  ]);
  await store.acknowledge(
    (await claim(store, 3)).map((lease) => ({ lease, outcomes: [failure(lease.first + 1)], retried: 0, next: 'keep' as const })),
  );
});

test(looksAtFew, 'create, append, cancel, status and backlog', async (store, id) => {
  await store.create({ id, function: 'app/f', key: 'k' });
  await claim(store, 2);
  await store.append(id, [chunk(3)]);
  await store.status(id);
  await store.backlog();
  await store.cancel(id);
});

test(looksAtFew, 'pages of outcomes and of logs', async (store, id) => {
  const [lease] = await claim(store, 1);
  await store.acknowledge([finished(lease!)]);
  for (const failed of [false, true]) {
    await store.outcomes(id, { from: 1, limit: 1, failed });
    await store.outcomes(id, { after: 1, limit: 1, failed });
  }
  await store.log(id, [{ time: 1, level: 'info', message: 'm', node: 'n' }]);
  await store.logs(id, { after: 0, limit: 1 });
});
