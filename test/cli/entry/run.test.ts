import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { connect } from '../../../sdk/connect.ts';
import { Apps } from '../../../sdk/deploy/apps.ts';
import { main, runCommand, start, startNode } from '../fixtures/command.ts';

const token = 'a-token-of-the-run';
const file = new URL('../fixtures/runApp.ts', import.meta.url).pathname;
const emptyFile = new URL('../fixtures/emptyApp.ts', import.meta.url).pathname;

/** A node without any app, and what asks it. */
async function emptyNode() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'warpmap-run-'));
  const args = ['--with-parent', '--log-level', 'warn', '--data', folder.path];
  const node = await startNode(args, { WARPMAP_TOKEN: token });
  const env = { WARPMAP_NODES: node.url, WARPMAP_TOKEN: token };
  return {
    env,
    warpmap: (...line: string[]) => runCommand(main, line, { env }),
    connect: () => connect({ nodes: [node.url], token }),
    apps: () => Apps.open({ nodes: [node.url], token }),
    async [Symbol.asyncDispose]() {
      node.process.kill();
      await node.ended;
      await folder.remove();
    },
  };
}

test.serial('run gives nodes the app for the run, waits for its calls, and fails where inputs did', async (t) => {
  await using node = await emptyNode();
  const good = await node.warpmap('run', file, 'half', '10');
  t.is(good.code, 0, good.stderr);
  t.regex(good.stdout, /^spawned [0-9a-f-]{36}\n$/);
  const bad = await node.warpmap('run', file, 'half', '20');
  t.is(bad.code, 1);
  t.regex(bad.stderr, /\(run-example~[0-9a-f]{8}\/half\): 1 inputs failed/);
});

test.serial('what a run maps is mapped by its own app', async (t) => {
  await using node = await emptyNode();
  const { code, stdout, stderr } = await node.warpmap('run', file, 'map', '4');
  t.is(code, 0, stderr);
  t.is(stdout, '0\n0.5\n1\n1.5\n');
});

test.serial('run --detach names its calls, and ends; they go on, and are read on another connection', async (t) => {
  await using node = await emptyNode();
  const { code, stdout, stderr } = await node.warpmap('run', '--detach', file, 'half', '10');
  t.is(code, 0, stderr);
  const [, id] = stdout.trimEnd().split('\n');
  t.is(stdout, `spawned ${id}\n${id}\n`);
  t.regex(stderr, /This call goes on\. Follow with `warpmap call status --watch/);
  await using warp = await node.connect();
  t.deepEqual(await warp.call<number, number[]>(id!).get(), [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5]);
});

test.serial('Ctrl-C cancels what the run has begun', async (t) => {
  await using node = await emptyNode();
  const command = start(main, ['run', file, 'slow', '3'], node.env);
  const id = (await command.line()).replace('spawned ', '');
  command.process.kill('SIGINT');
  const { code, stderr } = await command.ended;
  t.is(code, 130, stderr);
  await using warp = await node.connect();
  t.is((await warp.call(id).status()).state, 'cancelled');
});

test.serial('what the main throws ends the run, and is told', async (t) => {
  await using node = await emptyNode();
  const { code, stderr } = await node.warpmap('run', file, 'throw');
  t.is(code, 1);
  t.regex(
    stderr,
    /^error MAIN_FAILED: The main of run-example threw RangeError: the main is wrong\n +at .*runApp\.ts/m,
  );
  await using apps = await node.apps();
  t.deepEqual(await apps.list(), []);
});

test.serial('a detached run without a node, and an app without a main, are refused with the mend', async (t) => {
  const detached = await runCommand(main, ['run', '--detach', file], { env: { WARPMAP_NODES: '' } });
  t.is(detached.code, 2);
  t.regex(detached.stderr, /^error USAGE: .*--node/);
  const empty = await runCommand(main, ['run', emptyFile], { env: { WARPMAP_NODES: '' } });
  t.is(empty.code, 2);
  t.regex(empty.stderr, /^error USAGE: .*app\.main/);
});
