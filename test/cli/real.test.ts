import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { writeTinyModel } from '../fixtures/tinyModel.ts';
import { ask } from '../server/fixtures/client.ts';
import { main, runCommand, start } from './fixtures/command.ts';

/** The commands as they are installed, over the real engine and a small model. */
let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'warpmap-test-'));
  await writeTinyModel(folder);
});
test.after.always(async () => rm(folder, { recursive: true }));

test('the installed command serves a model until it is told to stop', async (t) => {
  const args = ['serve', '--model', folder, '--device', 'cpu', '--threads', '1', '--port', '0', '--announce'];
  const command = start(main, args);
  const { url } = JSON.parse(await command.line()) as { url: string };
  const reply = await ask({ url, form: 'frames', inputs: ['a dog', 'the sea'] });
  t.like(reply.end, { count: 2, failed: 0 });
  command.process.kill('SIGTERM');
  const { code, stderr } = await command.ended;
  t.is(code, 0, stderr);
});

test('the installed command embeds lines of text', async (t) => {
  const args = ['embed', '--model', folder, '--device', 'cpu', '--threads', '1'];
  const { code, stdout, stderr } = await runCommand(main, args, { input: 'a dog\nthe sea\n' });
  t.is(code, 0, stderr);
  const vectors = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as number[]);
  t.is(vectors.length, 2);
  for (const vector of vectors) t.true(Math.abs(Math.hypot(...vector) - 1) < 1e-5);
});

test('a model that is nowhere ends the command with its error', async (t) => {
  const { code, stderr } = await runCommand(main, [
    'serve',
    '--model',
    join(folder, 'nothing'),
    '--port',
    '0',
    '--log-level',
    'silent',
  ]);
  t.is(code, 1);
  t.regex(stderr, /^error MODEL_[A-Z_]+: /);
});

test('doctor reports versions, devices, runtimes and the model, and that the CPU can run', async (t) => {
  const { code, stdout } = await runCommand(main, ['doctor', '--json'], { env: { WARPMAP_MODEL: folder } });
  t.is(code, 0);
  const report = JSON.parse(stdout) as {
    versions: Record<string, string>;
    devices: { status: string; device?: { kind: string } }[];
    runtimes: { device: string; runtime: string; unavailable?: string }[];
    model: { status: string };
  };
  t.is(report.versions['node'], process.versions.node);
  t.regex(report.versions['onnxruntime-node'] ?? '', /^\d+\.\d+\.\d+/);
  t.true(report.devices.some(({ status, device }) => status === 'found' && device?.kind === 'cpu'));
  t.true(report.runtimes.some(({ device, unavailable }) => device === 'cpu:0' && unavailable === undefined));
  t.is(report.model.status, 'present');
});

test('doctor says it all to a person too, and where no model is', async (t) => {
  const { code, stdout } = await runCommand(main, ['doctor'], { env: { WARPMAP_MODEL: join(folder, 'nothing') } });
  t.is(code, 0);
  t.regex(
    stdout,
    /^warpmap +\d[^]*^DEVICE[^]*^cpu:0 +found[^]*^auto chooses [^]*^cpu:0 +onnx +available[^]*is not here/m,
  );
});
