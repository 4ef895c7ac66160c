import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeTinyModel } from '../fixtures/tinyModel.ts';
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
