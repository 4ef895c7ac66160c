/** pg-boss as it comes, on Postgres with fsync: jobs are inserted in bulk, two worker processes fetch and complete them in batches. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PgBoss } from 'pg-boss';
import { checkOnce } from '../../jobs/check.ts';
import type { JobsRun, JobsSubject } from '../../jobs/peer.ts';
import manifest from '../../../package.json' with { type: 'json' };
import type { Database } from '../../jobs/postgres.ts';
import { ahead, bulksOf, jobsOf } from './batches.ts';
import { startWorker } from './worker-process.ts';

/** Jobs of one `insert`, and how many of these are under way. */
const BULK = 1000;
const BULKS = 4;

/** Over an empty database of a server with fsync. */
export async function openPgBoss({ url, version }: Database): Promise<JobsSubject[]> {
  await using stack = new AsyncDisposableStack();
  const boss = stack.adopt(new PgBoss({ connectionString: url, max: BULKS }), (open) => open.stop());
  await boss.start();
  const workers = await Promise.all([1, 2].map(() => startWorker('pg-bossMain.ts', url)));
  for (const worker of workers) stack.use(worker);

  const begin = async (inputs: number, perJob: number): Promise<JobsRun> => {
    const name = `bench-${randomUUID()}`;
    await boss.createQueue(name);
    const rows = async (what: string): Promise<readonly { readonly found: unknown }[]> => {
      const { rows: found } = await boss
        .getDb()
        .executeSql(`SELECT ${what} AS found FROM pgboss.job WHERE name = $1`, [name]);
      return found as readonly { readonly found: unknown }[];
    };
    async function* outputs(): AsyncGenerator<unknown> {
      for (const { found } of await rows(`output->'value'`)) {
        if (Array.isArray(found)) yield* found;
        else yield found;
      }
    }
    return {
      async submit() {
        const jobs = jobsOf(inputs, perJob).map((value) => ({ data: { value } }));
        await ahead(bulksOf(jobs, BULK), BULKS, (bulk) => boss.insert(name, bulk));
      },
      async drain() {
        await Promise.all(workers.map((worker) => worker.work(name)));
        for (;;) {
          const [left] = await rows(`count(*) FILTER (WHERE state <> 'completed')::int`);
          if (left?.found === 0) return;
          await sleep(50);
        }
      },
      check: () => checkOnce(outputs(), inputs),
      async forget() {
        await Promise.all(workers.map((worker) => worker.work(undefined)));
        await boss.deleteQueue(name);
      },
    };
  };
  const owned = stack.move();
  const name = `pg-boss ${manifest.dependencies['pg-boss']} on Postgres ${version}`;
  return [
    { name: `${name}, a job for each`, perJob: 1, inputs: 80_000 },
    { name: `${name}, a job for 1,024`, perJob: 1024, inputs: 1_000_000 },
  ].map((subject, at) => ({
    ...subject,
    peer: true,
    byHand: subject.perJob > 1,
    begin: (inputs) => begin(inputs, subject.perJob),
    [Symbol.asyncDispose]: async () => (at === 0 ? owned.disposeAsync() : undefined),
  }));
}
