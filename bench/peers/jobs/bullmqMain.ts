/** A worker of BullMQ: `argv[2]` is the address of Redis. Run as a process. */
import type { IoRedis } from '../bullmq.ts';
import { importPeer } from '../import.ts';
import { obey } from './worker-process.ts';

interface Worker {
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

interface Library {
  readonly Worker: new (
    queue: string,
    run: (job: { readonly data: unknown }) => Promise<unknown>,
    options: { readonly connection: unknown; readonly concurrency: number },
  ) => Worker;
}

const [, , address = ''] = process.argv;
const { library } = await importPeer<Library>('bullmq');
const { library: client } = await importPeer<IoRedis>('ioredis');
const connection = new client.Redis(address, { maxRetriesPerRequest: null });
let worker: Worker | undefined;

obey(async (queue) => {
  await worker?.close();
  worker =
    queue === undefined
      ? undefined
      : new library.Worker(queue, async ({ data }) => data, { connection, concurrency: 100 });
  await worker?.waitUntilReady();
});
