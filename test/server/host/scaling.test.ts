import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import anyTest, { type TestFn } from 'ava';
import { request } from 'undici';
import { range, repeat } from '../../../shard/iterables.ts';
import type { FunctionStats } from '../../../shard/app/stats.ts';
import { ShiftedClock } from '../fixtures/shifted-clock.ts';
import * as crew from './apps/crew.ts';
import { appPath, type House, openHouse } from './harness.ts';

const test = anyTest as TestFn<House>;
const clock = new ShiftedClock();
const opened = openHouse({ app: appPath('crew'), clock });
test.beforeEach(async (t) => {
  t.timeout(60_000);
  t.context = await opened;
});
test.after.always(async () => (await opened)[Symbol.asyncDispose]());

function statsOf({ host }: House, name: string): FunctionStats {
  return host.functions.find((each) => each.name === `crew/${name}`)!.workers!.stats;
}

const ONE_EACH = { initialBatchSize: 1, maxBatchSize: 1 } as const;

test.serial('the workers that a function keeps are there before the node is ready, and are replaced', async (t) => {
  const { host, warp, journal } = t.context;
  await host.warm();
  t.like(statsOf(t.context, 'kept'), { workers: 2, starting: 0, crashes: 0 });
  const [pid] = await Array.fromAsync(warp.function(crew.kept).starmap([[]]));
  process.kill(pid!, 'SIGKILL');
  await journal.first(({ msg, worker }) => msg === 'a worker died' && worker === pid);
  t.is(statsOf(t.context, 'kept').starting, 1);
  await host.warm();
  t.like(statsOf(t.context, 'kept'), { workers: 2, starting: 0, crashes: 1 });
  // Nor does any of them end for want of work.
  clock.advance(1_000_000);
  t.is(statsOf(t.context, 'kept').workers, 2);
});

test.serial('under backlog workers are started up to the maximum; idle ones end after the window', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-crew-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'go');
  const { warp, journal } = t.context;
  const outputs = Array.fromAsync(warp.function(crew.held).map(Array.from<string>({ length: 4 }).fill(file), ONE_EACH));
  await journal.first(() => statsOf(t.context, 'held').workers === 3);
  await immediate();
  t.like(statsOf(t.context, 'held'), { workers: 3, running: 3, waiting: 1 });
  await writeFile(file, '');
  const pids = new Set(await outputs);
  t.is(pids.size, 3);
  clock.advance(50_000);
  t.is(statsOf(t.context, 'held').workers, 3);
  clock.advance(10_001);
  for (const pid of pids) await journal.first(({ msg, worker }) => msg === 'a worker ended' && worker === pid);
  t.like(statsOf(t.context, 'held'), { workers: 0, running: 0, waiting: 0, crashes: 0 });
});

test.serial('a batch of slow inputs is divided among the workers', async (t) => {
  const outputs = await Array.fromAsync(
    t.context.warp.function(crew.slow).map(range(60), { initialBatchSize: 60, maxBatchSize: 60 }),
  );
  t.deepEqual(
    outputs.map(({ value }) => value),
    [...range(60)],
  );
  t.is(new Set(outputs.map(({ pid }) => pid)).size, 2);
});

test.serial('a worker that leaks is replaced, and no input notices', async (t) => {
  const leak = t.context.warp.function(crew.leak);
  const pids = new Set<number>();
  // Its memory is looked at between runs, at some moment after each.
  for await (const pid of leak.map(repeat(64), { ...ONE_EACH, window: 1 })) {
    pids.add(pid);
    if (pids.size === 3) break;
  }
  const { recycled, failures, crashes } = statsOf(t.context, 'leak');
  t.true(recycled >= 2);
  t.deepEqual({ failures, crashes }, { failures: 0, crashes: 0 });
});

test.serial('a worker is replaced after the runs that it may have', async (t) => {
  const pids = await Array.fromAsync(t.context.warp.function(crew.brief).starmap(Array.from({ length: 10 }, () => [])));
  t.is(pids.length, 10);
  const runs = Map.groupBy(pids, (pid) => pid)
    .values()
    .map(({ length }) => length)
    .toArray();
  t.deepEqual(runs, [3, 3, 3, 1]);
  const batched = await Array.fromAsync(
    t.context.warp.function(crew.briefBatch).map(range(20), { initialBatchSize: 20, maxBatchSize: 20 }),
  );
  t.is(new Set(batched).size, 3);
});

test.serial('how many workers there are can be changed at run time, over HTTP too', async (t) => {
  const { url, journal } = t.context;
  const autoscaler = `${url}/v1/functions/${encodeURIComponent('crew/kept')}/autoscaler`;
  const patch = async (changes: unknown): Promise<{ status: number; answer: unknown }> => {
    const { statusCode, body } = await request(autoscaler, { method: 'PATCH', body: JSON.stringify(changes) });
    return { status: statusCode, answer: await body.json() };
  };
  const { status, answer } = await patch({ minWorkers: 0, maxWorkers: 1 });
  t.is(status, 200);
  t.deepEqual(answer, { minWorkers: 0, maxWorkers: 1, bufferWorkers: 0, scaledownWindow: 60_000 });
  await journal.first(({ msg, function: name }) => msg === 'a worker ended' && name === 'kept');
  t.is(statsOf(t.context, 'kept').workers, 1);
  t.like(await patch({ minWorkers: 2 }), { status: 400, answer: { error: { code: 'OPTION_INVALID' } } });
  t.like(await patch({ minworkers: 1 }), { status: 400, answer: { error: { code: 'OPTION_INVALID' } } });
  t.like(await patch([]), { status: 400, answer: { error: { code: 'REQUEST_INVALID' } } });
});

test.serial('a node tells what its functions and their workers do', async (t) => {
  const { url } = t.context;
  const { body } = await request(`${url}/v1/functions`);
  const { functions } = (await body.json()) as { functions: { name: string; stats?: FunctionStats }[] };
  t.deepEqual(
    functions.find(({ name }) => name === 'embed'),
    { name: 'embed' },
  );
  t.deepEqual(functions.find(({ name }) => name === 'crew/brief')?.stats, statsOf(t.context, 'brief'));
  const metrics = await request(`${url}/metrics`);
  t.regex(await metrics.body.text(), /warpmap_workers_recycled_total\{function="crew\/brief"\} 3/);
});
