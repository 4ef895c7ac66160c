/**
 * BullMQ on Redis: a batch is one job, jobs are added in bulk, and outputs come back in the events of the queue. Vectors
 * are base64, which is faster to read and write than an array of numbers.
 */
import { availableParallelism } from 'node:os';
import { randomUUID } from 'node:crypto';
import type { MapPeer } from '../map/peer.ts';
import { mapInBatches } from '../map/pipeline.ts';
import { peakMiB, startProcess } from '../map/process.ts';
import { importPeer } from './import.ts';
import { startRedis } from './redis.ts';
import { vectorsOf } from './vectors.ts';

/** The part of the libraries that is used; their own types are there only once they are installed. */
interface BullMq {
  readonly Queue: new (name: string, options: { readonly connection: unknown }) => Queue;
  readonly QueueEvents: new (name: string, options: { readonly connection: unknown }) => QueueEvents;
}

interface Queue {
  addBulk(jobs: readonly Job[]): Promise<unknown>;
  /** Drops the events that were kept, outputs included. */
  trimEvents(length: number): Promise<unknown>;
  obliterate(options: { readonly force: boolean }): Promise<void>;
  close(): Promise<void>;
}

interface Job {
  readonly name: string;
  readonly data: readonly number[];
  readonly opts: { readonly jobId: string; readonly removeOnComplete: true };
}

interface QueueEvents {
  on(event: 'completed', listener: (job: { readonly jobId: string; readonly returnvalue: unknown }) => void): void;
  on(event: 'failed', listener: (job: { readonly jobId: string; readonly failedReason: string }) => void): void;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

export interface IoRedis {
  readonly Redis: new (
    address: string,
    options: { readonly maxRetriesPerRequest: null },
  ) => { info(section: string): Promise<string>; disconnect(): void };
}

/** Throws `PeerMissing` where `npm run bench:peers` has not been run, or where there is no Redis. */
export async function openBullMq(): Promise<MapPeer> {
  const { library, version } = await importPeer<BullMq>('bullmq');
  const { library: client } = await importPeer<IoRedis>('ioredis');
  await using stack = new AsyncDisposableStack();
  const { address } = stack.use(await startRedis());
  const connection = stack.adopt(new client.Redis(address, { maxRetriesPerRequest: null }), (redis) =>
    redis.disconnect(),
  );
  const name = `warpmap-bench-${randomUUID()}`;
  const queue = stack.adopt(new library.Queue(name, { connection }), async (open) => {
    await open.obliterate({ force: true });
    await open.close();
  });
  for (let index = 0; index < availableParallelism(); index++) {
    stack.use(await startProcess('../peers/bullmqMain.ts', address, name));
  }
  const events = stack.adopt(new library.QueueEvents(name, { connection }), (open) => open.close());
  const waiting = new Map<string, PromiseWithResolvers<Iterable<unknown>>>();
  const settle = (id: string): PromiseWithResolvers<Iterable<unknown>> | undefined => {
    const job = waiting.get(id);
    waiting.delete(id);
    return job;
  };
  events.on('completed', ({ jobId, returnvalue }) => settle(jobId)?.resolve(outputsOf(returnvalue)));
  events.on('failed', ({ jobId, failedReason }) => settle(jobId)?.reject(new Error(failedReason)));
  await events.waitUntilReady();
  const [, server = ''] = /^redis_version:(\S+)/mv.exec(await connection.info('server')) ?? [];

  let added = 0;
  let bulk: Job[] = [];
  const flush = (): void => {
    const jobs = bulk;
    bulk = [];
    queue.addBulk(jobs).catch((error: unknown) => jobs.forEach(({ opts }) => settle(opts.jobId)?.reject(error)));
  };
  const owned = stack.move();
  return {
    name: `BullMQ ${version} on Redis ${server}`,
    sizes: { echo: [1, 256, 4096, 16_384, 65_536], vector: [1, 16, 64, 256, 1024] },
    async run(task, count, size) {
      await mapInBatches({ count, size, ahead: size === 1 ? 1024 : 16 }, (data) => {
        if (bulk.length === 0) setImmediate(flush);
        const jobId = `job-${added++}`;
        bulk.push({ name: task, data, opts: { jobId, removeOnComplete: true } });
        const job = Promise.withResolvers<Iterable<unknown>>();
        waiting.set(jobId, job);
        return job.promise;
      });
      await queue.trimEvents(0);
    },
    clientPeakMiB: peakMiB,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function outputsOf(value: unknown): Iterable<unknown> {
  if (typeof value !== 'string') return value as number[];
  // Copied, since a small buffer is part of a pool, at an offset that floats may not begin at.
  return vectorsOf(new Float32Array(new Uint8Array(Buffer.from(value, 'base64')).buffer));
}
