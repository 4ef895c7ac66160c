import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { Connection } from '../../sdk/connection.ts';
import { range } from '../../shard/iterables.ts';
import { writeTinyModel } from '../fixtures/tinyModel.ts';
import * as app from './fixtures/app.ts';
import { type Fleet, gone } from './fixtures/fleet.ts';
import { Record } from './fixtures/record.ts';
import { rowsOn } from './fixtures/rows.ts';

const row = rowsOn({ nodes: 2, args: ['--limit', 'replayMs=200'] });

const GATE = 20;
const SIZE = 8;
/** In flight to each node, by default. */
const BATCHES = 4;
const script = fileURLToPath(new URL('./fixtures/clientMain.ts', import.meta.url));

function startClient(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [...process.execArgv, script, ...args], {
    // A group of its own, as a terminal gives to what it starts.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, WARPMAP_TOKEN: '', WARPMAP_NODES: '', ...env },
  });
}

/** Waits until each node holds an input that does not end by itself. */
async function held({ record, members }: Fleet): Promise<void> {
  await record.until((entries) =>
    members.every((_, index) => entries.some(({ value, node }) => value! >= GATE && node === String(index))),
  );
}

/** The client is gone: handlers hear of it, and of each batch that a node had, no more than one input begins. */
async function stops(t: ExecutionContext, fleet: Fleet): Promise<void> {
  const { record } = fleet;
  await fleet.quiet();
  const begun = (): readonly number[] => [...record.counts('gated').keys()].filter((value) => value >= GATE);
  await record.until(() => record.counts('told').size === begun().length);
  t.true(begun().length <= fleet.members.length * BATCHES);
  t.true([...record.counts('gated').values()].every((times) => times === 1));
}

row('the client is killed', async (t, fleet) => {
  const client = startClient([fleet.urls.join()]);
  await held(fleet);
  client.kill('SIGKILL');
  await stops(t, fleet);
});

row('Ctrl-C ends the client', async (t, fleet) => {
  const client = startClient([fleet.urls.join()]);
  await held(fleet);
  process.kill(-client.pid!, 'SIGINT');
  t.deepEqual(await once(client, 'exit'), [null, 'SIGINT']);
  await stops(t, fleet);
});

row('Ctrl-C ends the client and the server that it started', async (t) => {
  await using record = await Record.create();
  const model = await mkdtemp(join(tmpdir(), 'warpmap-faults-model-'));
  try {
    await writeTinyModel(model);
    const client = startClient(['--local', model], { WARPMAP_FAULTS_FOLDER: record.folder });
    await record.until((entries) => entries.some(({ what, value }) => what === 'gated' && value! >= GATE));
    process.kill(-client.pid!, 'SIGINT');
    t.deepEqual(await once(client, 'exit'), [null, 'SIGINT']);
    for (const pid of new Set(record.all.map((entry) => entry.pid))) await gone(pid);
    // The group is empty once the server has ended too.
    while (isGroup(client.pid!)) await new Promise((resolve) => setTimeout(resolve, 10));
  } finally {
    await rm(model, { recursive: true });
  }
});

/** Maps `gated` without end, and calls back once both nodes hold an input. */
async function leaving(
  t: ExecutionContext,
  fleet: Fleet,
  leave: (outputs: AsyncGenerator<number>, warp: Connection) => Promise<unknown>,
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  const warp = await fleet.connect();
  let closed = false;
  function* inputs(): Generator<number> {
    try {
      yield* range(Infinity);
    } finally {
      closed = true;
    }
  }
  const outputs = warp.function(app.gated).map(inputs(), { initialBatchSize: SIZE, maxBatchSize: SIZE, ...options });
  // The first batch of each node has come.
  for (const value of range(2 * SIZE)) t.is((await outputs.next()).value, value * 2);
  await held(fleet);
  await leave(outputs, warp);
  t.true(closed);
  // Though the connection is still there.
  for (const member of fleet.members) await member.idle();
  await warp[Symbol.asyncDispose]();
  await stops(t, fleet);
}

row('the loop is left by `break`, `return` or an error', async (t, fleet) => {
  await leaving(t, fleet, (outputs) => outputs.return(undefined));
  fleet.record.restart();
  await leaving(t, fleet, async (outputs) => {
    const error = new Error('the consumer is at fault');
    await t.throwsAsync(outputs.throw(error), { is: error });
  });
});

row("the map's `signal` aborts", async (t, fleet) => {
  const stop = new AbortController();
  const reason = new Error('enough');
  await leaving(
    t,
    fleet,
    async (outputs) => {
      stop.abort(reason);
      await t.throwsAsync(outputs.next(), { is: reason });
    },
    { signal: stop.signal },
  );
});

row('the connection is closed', async (t, fleet) => {
  await leaving(t, fleet, async (outputs, warp) => {
    const next = t.throwsAsync(outputs.next(), { code: 'DISPOSED' });
    await warp[Symbol.asyncDispose]();
    await next;
  });
});

row('the source of inputs throws', async (t, fleet) => {
  const warp = await fleet.connect();
  const error = new Error('the source is at fault');
  async function* inputs(): AsyncGenerator<number> {
    yield* range(5 * SIZE);
    await held(fleet);
    throw error;
  }
  const outputs = warp.function(app.gated).map(inputs(), { initialBatchSize: SIZE, maxBatchSize: SIZE });
  await t.throwsAsync(Array.fromAsync(outputs), { is: error });
  await warp[Symbol.asyncDispose]();
  await stops(t, fleet);
});

function isGroup(id: number): boolean {
  try {
    return process.kill(-id, 0);
  } catch {
    return false;
  }
}
