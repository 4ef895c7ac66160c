/** A worker of BullMQ: `argv[2]` is the address of Redis, `argv[3]` the name of the queue. Run as a process. */
import type { FunctionName } from '../map/peer.ts';
import { rows } from '../map/work.ts';
import type { IoRedis } from './bullmq.ts';
import { importPeer } from './import.ts';

interface Library {
  readonly Worker: new (
    queue: string,
    run: (job: { readonly name: FunctionName; readonly data: readonly number[] }) => Promise<unknown>,
    options: {
      readonly connection: unknown;
      readonly concurrency: number;
      readonly skipLockRenewal: boolean;
      readonly skipStalledCheck: boolean;
    },
  ) => { waitUntilReady(): Promise<unknown> };
}

const [address = '', queue = ''] = process.argv.slice(2);
const { library } = await importPeer<Library>('bullmq');
const { library: client } = await importPeer<IoRedis>('ioredis');
const worker = new library.Worker(
  queue,
  async ({ name, data }) => (name === 'echo' ? data : Buffer.from(rows(data).buffer).toString('base64')),
  {
    connection: new client.Redis(address, { maxRetriesPerRequest: null }),
    concurrency: 100,
    // A job takes milliseconds: nothing is lost by not watching it.
    skipLockRenewal: true,
    skipStalledCheck: true,
  },
);
await worker.waitUntilReady();
console.log('ready');
