import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { request } from 'undici';
import { AppHost } from '../../../server/host/app-host.ts';
import { startServer } from '../../../server/server.ts';
import { ask } from '../fixtures/client.ts';
import { MemoryEngine } from '../fixtures/engine.ts';
import { Journal } from './harness.ts';

test('a worker that can not be started later on is no loss of the engine: the node stays ready', async (t) => {
  t.timeout(60_000);
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-app-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, 'app.ts');
  const library = pathToFileURL(join(import.meta.dirname, '../../../index.ts')).href;
  await writeFile(
    path,
    `import { App } from '${library}';
export const app = new App('brief');
export const first = app.function('first', (input: number) => input + 1);
export const second = app.function('second', (input: number) => input + 2);
`,
  );
  const { log } = new Journal();
  await using host = await AppHost.open(path, { log });
  await using server = await startServer({ engine: new MemoryEngine(), functions: host.functions, log });
  // The process that loaded the module serves the first function; the second needs the module again.
  const { url } = server;
  t.deepEqual((await ask({ url, form: 'json', function: 'brief/first', inputs: [1] })).outputs, [2]);
  await rm(path);
  const refused = await ask({ url, form: 'json', function: 'brief/second', inputs: [1] });
  t.is(refused.status, 503);
  t.is(refused.code, 'WORKER_UNAVAILABLE');
  t.deepEqual((await ask({ url, form: 'json', function: 'brief/first', inputs: [2] })).outputs, [3]);
  const ready = await request(`${url}/readyz`);
  await ready.body.dump();
  t.is(ready.statusCode, 200);
});
