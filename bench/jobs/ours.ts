/** Two nodes on one store, each with one worker, and a client. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, range } from '../../index.ts';
import { startProcess } from '../map/process.ts';
import { WHO } from './app.ts';
import { checkOnce } from './check.ts';
import type { JobsRun, JobsSubject } from './peer.ts';
import type { Database } from './postgres.ts';

/** In a folder of their own that both share, or on an empty database. */
export async function openOurs(inputs: number, database?: Database): Promise<JobsSubject> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-jobs-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const start = async (): Promise<string> =>
    stack.use(await startProcess('../jobs/nodeMain.ts', folder, ...(database ? [database.url] : []))).line;
  const nodes = await Promise.all([start(), start()]);
  const workers = await Promise.all(nodes.map(workerOf));
  const signal = (name: NodeJS.Signals): void => workers.forEach((pid) => process.kill(pid, name));
  const warp = stack.use(await connect({ nodes }));
  const echo = warp.function<[number], number>('bench', 'echo');

  const begin = async (count: number): Promise<JobsRun> => {
    // The nodes may lease chunks, and run none.
    signal('SIGSTOP');
    const spawned = Promise.withResolvers<Awaited<ReturnType<typeof echo.spawnMap>>>();
    return {
      submit: async () => spawned.resolve(await echo.spawnMap(range(count))),
      async drain() {
        signal('SIGCONT');
        await (await spawned.promise).wait();
      },
      check: async () => checkOnce((await spawned.promise).iterate({ ordered: false }), count),
      forget: async () => (await spawned.promise).forget(),
    };
  };
  const owned = stack.move();
  return {
    name: `warpmap on ${database ? `Postgres ${database.version}` : 'SQLite'}`,
    peer: false,
    byHand: false,
    inputs,
    begin,
    async [Symbol.asyncDispose]() {
      signal('SIGCONT');
      await owned.disposeAsync();
    },
  };
}

/** The process of a node's worker. */
async function workerOf(node: string): Promise<number> {
  await using warp = await connect({ nodes: [node] });
  return await warp.function<[number], number>('bench', 'echo').remote(WHO);
}
