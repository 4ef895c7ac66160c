/** Story 2: a program spawns work over the items of a volume and is killed; the results are there all the same. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { memoryMain, runCommand, startNode } from '../cli/fixtures/command.ts';

const example = join(import.meta.dirname, '../../examples/passages.ts');

test('the vectors of a volume of passages are in it when the program that wanted them is long dead', async (t) => {
  t.timeout(300_000);
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-passages-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const node = await startNode([example, '--data', join(folder, 'data')]);
  t.teardown(() => {
    node.process.kill();
    return node.ended;
  });
  const env = { WARPMAP_NODES: node.url };
  const warpmap = (...args: readonly string[]): ReturnType<typeof runCommand> => runCommand(memoryMain, args, { env });

  const count = 12;
  const client = spawn(process.execPath, [...process.execArgv, '--conditions=warpmap:source', example, String(count)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(client.stdout, 'data')) as [Buffer];
  client.kill('SIGKILL');
  await once(client, 'exit');

  const id = said.toString().trim();
  const waited = await warpmap('call', 'wait', '--json', id);
  t.is(waited.code, 0, waited.stderr);
  t.like(JSON.parse(waited.stdout), { state: 'done', counts: { inputs: count, done: count, failed: 0 } });
  const status = await warpmap('call', 'status', '--json', id);
  t.like(JSON.parse(status.stdout), { id, function: 'passages/embedPassage', state: 'done' });

  const { stdout } = await warpmap('volume', 'ls', '--json', 'passages', 'vectors/');
  const files = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { path: string; bytes: number });
  t.deepEqual(
    files.map(({ path }) => path),
    Array.from({ length: count }, (_, index) => `vectors/${index}.f32`).toSorted(),
  );
  t.is((await warpmap('volume', 'get', '-r', 'passages', 'vectors', join(folder, 'out'))).code, 0);
  const vector = await readFile(join(folder, 'out', '0.f32'));
  t.is(vector.length, files[0]!.bytes);
  t.true(new Float32Array(Uint8Array.from(vector).buffer).every(Number.isFinite));
});
