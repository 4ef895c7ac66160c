import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import { ask } from '../server/fixtures/client.ts';
import { memoryMain, runCommand, start, startNode } from './fixtures/command.ts';
import { appPath } from '../server/host/harness.ts';

test('serve announces its URL and process in one line of JSON, and nothing else', async (t) => {
  const node = await startNode();
  t.is(node.process.pid, node.pid);
  t.is((await ask({ url: node.url, form: 'frames' })).status, 200);
  node.process.kill('SIGTERM');
  const { code, stdout } = await node.ended;
  t.is(code, 0);
  t.deepEqual(stdout, `${JSON.stringify({ url: node.url, pid: node.pid })}\n`);
});

test('serve tells a person the device, the model, the URL and a curl that works', async (t) => {
  const command = start(memoryMain, ['serve', '--port', '0']);
  let text = '';
  while (!text.includes('curl')) text += `${await command.line()}\n`;
  t.regex(text, /device {2}cpu:0, test/);
  t.regex(text, /model {3}letters, 8 dims/);
  const curl = /try {5}(curl .*)$/m.exec(text)?.[1];
  const shell = spawn('sh', ['-c', `command -v curl >/dev/null || exit 42; ${curl}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let answer = '';
  shell.stdout.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  const [code] = (await once(shell, 'close')) as [number];
  if (code === 42) t.log('this machine has no curl, so its line was not run');
  else t.regex(answer, /^\{"index":0,"output":\[[^]*\{"end":\{"count":1,"failed":0/);
  command.process.kill('SIGINT');
  t.is((await command.ended).code, 0);
});

test('a node that is asked to stop finishes the batch that runs, and exits with 0', async (t) => {
  const node = await startNode();
  const running = ask({ url: node.url, form: 'frames', inputs: ['until SIGTERM', 'b'] });
  await node.stderrShows('the batch runs');
  node.process.kill('SIGTERM');
  const reply = await running;
  t.like(reply.end, { count: 2, failed: 0 });
  t.is((await node.ended).code, 0);
});

test('a batch that does not finish in the time to drain is stopped, and the node exits with 0', async (t) => {
  const node = await startNode(['--drain-seconds', '0.05']);
  const running = ask({ url: node.url, form: 'frames', inputs: ['for ever'] });
  await node.stderrShows('the batch runs');
  node.process.kill('SIGTERM');
  t.is((await running).code, 'NODE_DRAINING');
  t.is((await node.ended).code, 0);
});

test('a second signal ends a node at once', async (t) => {
  const node = await startNode();
  const running = ask({ url: node.url, form: 'frames', inputs: ['for ever'] });
  running.catch(() => {});
  await node.stderrShows('the batch runs');
  node.process.kill('SIGTERM');
  await node.stderrShows('draining');
  node.process.kill('SIGINT');
  t.is((await node.ended).code, 1);
  await t.throwsAsync(running);
});

test('a node whose model still loads stops at the first signal', async (t) => {
  const command = start(memoryMain, ['serve', '--port', '0', '--model', 'slow']);
  await command.stderrShows('loading');
  command.process.kill('SIGTERM');
  t.is((await command.ended).code, 0);
});

test('a node whose app still loads stops at the first signal', async (t) => {
  const command = start(memoryMain, ['serve', '--port', '0', '--', appPath('stuck')]);
  await command.stderrShows('the app loads for ever');
  command.process.kill('SIGTERM');
  t.is((await command.ended).code, 0);
});

test('a node with its parent stops when standard input closes', async (t) => {
  const node = await startNode(['--with-parent']);
  node.process.stdin.write('unread bytes do not hide the end');
  node.process.stdin.end();
  t.is((await node.ended).code, 0);
});

test('a node whose parent is gone lets no batch run to its end, since nobody takes the answer', async (t) => {
  const node = await startNode(['--with-parent', '--drain-seconds', '3600']);
  const running = ask({ url: node.url, form: 'frames', inputs: ['for ever'] });
  running.catch(() => {});
  await node.stderrShows('the batch runs');
  node.process.kill('SIGINT');
  await node.stderrShows('draining');
  node.process.stdin.end();
  t.is((await node.ended).code, 0);
  t.is((await running).code, 'NODE_DRAINING');
});

test('a node whose parent is killed does not outlive it', async (t) => {
  const parent = spawn(
    process.execPath,
    [
      new URL('./fixtures/parent.ts', import.meta.url).pathname,
      memoryMain,
      'serve',
      '--port',
      '0',
      '--announce',
      '--with-parent',
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
  const { pid } = JSON.parse(line) as { pid: number };
  t.not(pid, parent.pid);
  t.true(process.kill(pid, 0), 'the node runs');
  // The node writes to the same pipe, which closes only when both processes have ended. (The pid itself may live on
  // as a zombie, where the first process of a container does not reap.)
  const closed = once(parent.stdout, 'close');
  parent.kill('SIGKILL');
  await closed;
});

test('a port that is taken ends serve with the mend and without a stack', async (t) => {
  const node = await startNode();
  const { port } = new URL(node.url);
  const { code, stderr, stdout } = await runCommand(memoryMain, ['serve', '--port', port, '--log-level', 'silent']);
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /^error PORT_IN_USE: Port \d+ of 127.0.0.1 is taken [^\n]*choose another port, or 0[^\n]*\n$/);
  const verbose = await runCommand(memoryMain, ['serve', '--port', port, '--log-level', 'silent', '--verbose']);
  t.regex(verbose.stderr, /\n {4}at [^]*caused by Error: listen EADDRINUSE/);
  node.process.kill('SIGTERM');
  await node.ended;
});

test('a model that can not load ends serve with its error', async (t) => {
  const { code, stderr } = await runCommand(memoryMain, [
    'serve',
    '--port',
    '0',
    '--model',
    'broken',
    '--log-level',
    'silent',
  ]);
  t.is(code, 1);
  t.is(stderr, 'error RUNTIME_UNAVAILABLE: No runtime runs this; install one\n');
});

test('serve takes its token from a flag, a file or the environment, and logs it nowhere', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-test-'));
  try {
    const token = 'quite-a-secret-token';
    const file = join(folder, 'token');
    await writeFile(file, `${token}\n`);
    const ways: [string[], NodeJS.ProcessEnv][] = [
      [['--token', token], {}],
      [['--token-file', file], { WARPMAP_TOKEN: 'another-token-in-the-air' }],
      [[], { WARPMAP_TOKEN: token }],
    ];
    for (const [args, env] of ways) {
      const node = await startNode(['--host', '0.0.0.0', '--log-level', 'trace', ...args], env);
      t.is((await ask({ url: node.url, form: 'json' })).status, 401);
      const headers = { authorization: `Bearer ${token}` };
      t.is((await ask({ url: node.url, form: 'json', headers })).status, 200);
      node.process.kill('SIGTERM');
      const { stdout, stderr } = await node.ended;
      t.regex(stderr, /batch done/);
      t.false((stdout + stderr).includes(token));
    }
    const missing = await runCommand(memoryMain, ['serve', '--token-file', join(folder, 'nowhere')]);
    t.is(missing.code, 1);
    t.regex(missing.stderr, /error FILE_UNREADABLE: .*ENOENT/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('serve refuses to bind beyond loopback without a token', async (t) => {
  const { code, stderr } = await runCommand(memoryMain, ['serve', '--host', '0.0.0.0', '--port', '0']);
  t.is(code, 1);
  t.regex(stderr, /error TOKEN_REQUIRED: .*--token-file/);
});
