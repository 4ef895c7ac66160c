/** BullMQ on Redis that writes each command to disk before it answers: jobs are added in bulk, two worker processes. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkOnce } from '../../jobs/check.ts';
import type { JobsRun, JobsSubject } from '../../jobs/peer.ts';
import type { IoRedis } from '../bullmq.ts';
import { importPeer } from '../import.ts';
import { startRedis } from '../redis.ts';
import { ahead, bulksOf, jobsOf } from './batches.ts';
import { startWorker } from './worker-process.ts';

/** The part of the library that is used; its own types are there only once it is installed. */
interface BullMq {
  readonly Queue: new (name: string, options: { readonly connection: unknown }) => Queue;
}

interface Queue {
  addBulk(jobs: readonly { readonly name: string; readonly data: unknown }[]): Promise<unknown>;
  getCompletedCount(): Promise<number>;
  getJobs(state: 'completed', start: number, end: number): Promise<readonly { readonly returnvalue: unknown }[]>;
  obliterate(options: { readonly force: boolean }): Promise<void>;
  close(): Promise<void>;
}

/** Jobs of one `addBulk`, and how many of these are under way. */
const BULK = 1000;
const BULKS = 4;
/** Jobs that are read at once when they are checked. */
const PAGE = 1000;

/** Throws `PeerMissing` where `npm run bench:peers` has not been run, or where there is no Redis. */
export async function openBullMq(): Promise<JobsSubject[]> {
  const { library, version } = await importPeer<BullMq>('bullmq');
  const { library: client } = await importPeer<IoRedis>('ioredis');
  await using stack = new AsyncDisposableStack();
  const { address } = stack.use(await startRedis('always'));
  const connection = stack.adopt(new client.Redis(address, { maxRetriesPerRequest: null }), (redis) =>
    redis.disconnect(),
  );
  const workers = await Promise.all([1, 2].map(() => startWorker('bullmqMain.ts', address)));
  for (const worker of workers) stack.use(worker);
  const [, server = ''] = /^redis_version:(\S+)/mv.exec(await connection.info('server')) ?? [];

  const begin = async (inputs: number, perJob: number): Promise<JobsRun> => {
    const name = `warpmap-bench-${randomUUID()}`;
    const queue = new library.Queue(name, { connection });
    const jobs = Math.ceil(inputs / perJob);
    async function* outputs(): AsyncGenerator<unknown> {
      for (let start = 0; start < jobs; start += PAGE) {
        for (const { returnvalue } of await queue.getJobs('completed', start, start + PAGE - 1)) {
          if (Array.isArray(returnvalue)) yield* returnvalue;
          else yield returnvalue;
        }
      }
    }
    return {
      async submit() {
        const data = jobsOf(inputs, perJob).map((each) => ({ name: 'echo', data: each }));
        await ahead(bulksOf(data, BULK), BULKS, (bulk) => queue.addBulk(bulk));
      },
      async drain() {
        await Promise.all(workers.map((worker) => worker.work(name)));
        while ((await queue.getCompletedCount()) < jobs) await sleep(10);
      },
      check: () => checkOnce(outputs(), inputs),
      async forget() {
        await Promise.all(workers.map((worker) => worker.work(undefined)));
        await queue.obliterate({ force: true });
        await queue.close();
      },
    };
  };
  const owned = stack.move();
  const name = `BullMQ ${version} on Redis ${server}, fsync always`;
  return [
    { name: `${name}, a job for each`, perJob: 1, inputs: 40_000 },
    { name: `${name}, a job for 1,024`, perJob: 1024, inputs: 1_000_000 },
  ].map((subject, at) => ({
    ...subject,
    peer: true,
    byHand: subject.perJob > 1,
    begin: (inputs) => begin(inputs, subject.perJob),
    [Symbol.asyncDispose]: async () => (at === 0 ? owned.disposeAsync() : undefined),
  }));
}
