/** A worker of pg-boss: `argv[2]` is the URL of Postgres. Run as a process. */
import { PgBoss } from 'pg-boss';
import { obey } from './worker-process.ts';

const [, , url = ''] = process.argv;
const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false, max: 4 });
boss.on('error', (error) => {
  throw error;
});
await boss.start();
let worked: string | undefined;

obey(async (queue) => {
  if (worked !== undefined) await boss.offWork(worked);
  worked = queue;
  if (queue === undefined) return;
  await boss.work<{ readonly value: unknown }>(
    queue,
    { batchSize: 500, localConcurrency: 2, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true, perJobResults: true },
    async (jobs) => jobs.map(({ id, data }) => ({ id, status: 'completed', output: { value: data.value } })),
  );
});
