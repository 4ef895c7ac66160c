import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { writeTinyModel } from '../fixtures/tinyModel.ts';
import { range } from '../../shard/iterables.ts';
import { slow } from './fixtures/app.ts';
import { gone } from './fixtures/fleet.ts';
import { GATE, held, stops } from './fixtures/gated.ts';
import { Record } from './fixtures/record.ts';
import { rowsOn } from './fixtures/rows.ts';

const row = rowsOn({ nodes: 2, args: ['--limit', 'replayMs=200'] });

const script = fileURLToPath(new URL('./fixtures/clientMain.ts', import.meta.url));

function startClient(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [...process.execArgv, script, ...args], {
    // A group of its own, as a terminal gives to what it starts.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, WARPMAP_TOKEN: '', WARPMAP_NODES: '', ...env },
  });
}

row('the client is killed', async (t, fleet) => {
  const client = startClient([fleet.urls.join()]);
  await held(fleet);
  client.kill('SIGKILL');
  await stops(t, fleet);
});

row('the client is killed, and the map has a `key`', async (t, fleet) => {
  const client = startClient([fleet.urls.join(), 'a-key']);
  let printed = 0;
  for await (const _ of createInterface(client.stdout!)) if (++printed === 100) client.kill('SIGKILL');
  await fleet.quiet();
  const before = fleet.record.counts('slow');
  await using warp = await fleet.connect();
  const outputs = await Array.fromAsync(
    warp.function(slow).map(range(400), { maxBatchSize: 10, hedge: false, key: 'a-key' }),
  );
  t.deepEqual(
    outputs,
    Array.from(range(400), (value) => value * 2),
  );
  const runs = fleet.record.counts('slow');
  for (const value of range(printed)) t.is(runs.get(value), 1);
  // What was on its way, four batches to each node, may have been run in vain.
  const again = before.keys().filter((value) => runs.get(value)! > 1);
  t.true(again.toArray().length <= 80);
  await warp.forget('a-key');
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

function isGroup(id: number): boolean {
  try {
    return process.kill(-id, 0);
  } catch {
    return false;
  }
}
