import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { AppHost } from '../../../server/host/app-host.ts';
import { memoryMain, start } from '../../cli/fixtures/command.ts';
import { ask } from '../fixtures/client.ts';
import { appPath, Journal, openHouse, tricksPath } from './harness.ts';

const isRefused = test.macro({
  title: (_, app: string) => `the module ${app} is refused before the node is ready, and it is said why`,
  async exec(t, app: string, why: RegExp) {
    t.timeout(60_000);
    await t.throwsAsync(AppHost.open(appPath(app), { log: new Journal().log }), { code: 'APP_INVALID', message: why });
  },
});

test.serial(isRefused, 'throws', /could not be loaded: RangeError: the app is out of range\n.*throws\.ts:3/);
test.serial(isRefused, 'no-app', /no-app\.ts exports no App; write `export const app/);
test.serial(isRefused, 'two-apps', /two-apps\.ts exports 2 Apps; expected one/);
test.serial(
  isRefused,
  'unguarded',
  /could not be loaded: SdkError: A worker that loads this module .* `if \(import\.meta\.main\) /,
);
test.serial(isRefused, 'exits', /ended while it was loaded \(exit code 3\)/);
test.serial(isRefused, 'missing', /^There is no file .*missing\.ts; expected the module of an app$/);

test.serial('serve with a module that is no app exits with 1 and says why', async (t) => {
  t.timeout(60_000);
  const { code, stderr } = await start(memoryMain, ['serve', appPath('no-app'), '--port', '0', '--with-parent']).ended;
  t.is(code, 1);
  t.regex(stderr, /^error APP_INVALID: .* exports no App.*\n$/);
});

test.serial('workers end with their node, also if it is killed while a handler does not yield', async (t) => {
  t.timeout(90_000);
  const node = start(memoryMain, ['serve', tricksPath, '--port', '0', '--announce']);
  const { url } = JSON.parse(await node.line()) as { url: string };
  const lost = ask({ url, form: 'json', function: 'tricks/deaf', inputs: [1] }).catch(() => 'lost');
  await node.stderrShows('deaf began');
  node.process.kill('SIGKILL');
  const { stderr } = await node.ended;
  t.is(await lost, 'lost');
  const worker = Number(/"worker":(?<pid>\d+),"workers":1,"msg":"a worker started"/.exec(stderr)?.groups?.['pid']);
  t.true(worker > 0);
  // Each second it looks for its parent; the limit on this test is the limit on that.
  while (alive(worker)) await sleep(50);
  t.false(alive(worker));
});

test.serial('a node that is asked to stop ends its workers, and exits with 0', async (t) => {
  t.timeout(60_000);
  const node = start(memoryMain, ['serve', tricksPath, '--port', '0', '--announce']);
  const { url } = JSON.parse(await node.line()) as { url: string };
  const { outputs } = await ask({ url, form: 'json', function: 'tricks/double', inputs: [1, 2] });
  t.deepEqual(outputs, [2, 4]);
  node.process.kill('SIGTERM');
  const [code] = (await once(node.process, 'close')) as [number];
  t.is(code, 0);
});

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('where no more files may be opened a worker is not started, and its node goes on', async (t) => {
  t.timeout(60_000);
  const script = fileURLToPath(new URL('./no-files-left.ts', import.meta.url));
  const limited = ['-c', 'ulimit -n 200; exec "$@"', 'sh', process.execPath, ...process.execArgv, script, tricksPath];
  const { stdout } = await promisify(execFile)('sh', limited);
  t.regex(stdout, /^The app .*tricks\.ts could not be started: spawn .* EMFILE\n$/);
});

/** Processes that run apps for this one. */
async function workers(): Promise<readonly number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)]);
  const lines = stdout.split('\n').filter((line) => line.includes('app.worker'));
  return lines.map((line) => Number.parseInt(line, 10));
}

test.serial('an app whose functions all want GPUs has no worker before one is wanted', async (t) => {
  t.timeout(60_000);
  const before = await workers();
  const gpu = { kind: 'nvidia', index: 0, name: 'Large', memoryBytes: 2 ** 34 } as const;
  await using _ = await AppHost.open(appPath('gpus'), { log: new Journal().log, gpus: async () => [gpu] });
  t.deepEqual(await workers(), before);
});

test.serial('where it can not be told which GPUs there are no process is left', async (t) => {
  t.timeout(60_000);
  const before = await workers();
  const gpus = async (): Promise<never> => {
    throw new RangeError('no driver');
  };
  await t.throwsAsync(AppHost.open(appPath('gpus'), { log: new Journal().log, gpus }), { message: 'no driver' });
  t.deepEqual(await workers(), before);
});

test.serial('the process that told what an app has may die before it is wanted, and nobody hears of it', async (t) => {
  t.timeout(60_000);
  const before = new Set(await workers());
  await using house = await openHouse();
  const [first, ...others] = (await workers()).filter((pid) => !before.has(pid));
  t.deepEqual(others, []);
  process.kill(first!, 'SIGKILL');
  // It is gone once it is a child no more.
  while ((await workers()).includes(first!));
  const answer = await ask({ url: house.url, form: 'json', function: 'tricks/double', inputs: [4] });
  t.deepEqual(answer.outputs, [8]);
});
