import test from 'ava';
import { SqliteEngine } from '../../../../server/store/sqlite/engine.ts';
import { chunk, claim, failure, finished, LEASE_MS } from '../conformance/stage.ts';
import { Statements } from '../fixtures/statements.ts';

type Verbs = (store: SqliteEngine, call: string) => Promise<unknown>;

/** How the verbs are run, in a store that has an open call of three chunks. */
async function plansOf(verbs: Verbs): Promise<string[]> {
  using statements = new Statements();
  await using store = new SqliteEngine({ path: ':memory:' });
  const { id } = await store.create({ id: 'a', function: 'app/f' });
  await store.append(id, [chunk(0), chunk(1), chunk(2)]);
  await verbs(store, id);
  return statements.plans();
}

/** Looks at all chunks, outcomes or lines, be it of one call. */
const EXHAUSTIVE = /^(?:SCAN (?!store|remains)|SEARCH \w+ USING (?:PRIMARY KEY|INDEX \w*_by_\w+) \(call=\?\))/;
/** But only those of the calls, chunks and outcomes that wait for something. */
const SMALL =
  /^(?:SCAN|SEARCH) \w+ USING (?:COVERING )?INDEX (?:chunks_ready|chunks_since|chunks_until|calls_unfinished)\b/;

const looksAtFew = test.macro({
  title: (_, names: string) => `however many chunks and outcomes there are, ${names} look at few of them`,
  async exec(t, _names: string, verbs: Verbs) {
    const plans = await plansOf(verbs);
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
    (await claim(store, 3)).map((lease) => ({
      lease,
      outcomes: [failure(lease.first + 1)],
      retried: 0,
      next: 'keep' as const,
    })),
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
