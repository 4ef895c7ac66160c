import { join } from 'node:path';
import test from 'ava';
import { Sources, startAppNode, telling, TOKEN } from '../server/apps/fixture.ts';
import { memoryMain, runCommand } from './fixtures/command.ts';

test('an app is deployed, listed, rolled back, stopped and heard from on the command line', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  const env = { WARPMAP_NODES: node.url, WARPMAP_TOKEN: TOKEN };
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCommand(memoryMain, args, { env });
    t.is(code, 0, stderr);
    return stdout;
  };
  const path = await sources.write('app.ts', telling('one', { more: `console.log('loaded\\u001b[2J');` }));
  const deployed = await run('deploy', path, '--tag', 'abc');
  t.regex(deployed, /^telling is at version 1\n/);
  t.regex(deployed, /functions {2}telling\/which/);
  t.regex(await run('deploy', path), /at version 1 already/);
  t.is(await node.warp.function('telling/which').remote(0), 'one 0');
  await sources.write('app.ts', telling('two'));
  const json = JSON.parse(await run('deploy', path, '--json')) as { version: { version: number } };
  t.is(json.version.version, 2);
  t.regex(await run('app', 'list'), /^app +version +tag +changed +functions\ntelling +2 .* which\n$/);
  t.regex(await run('app', 'rollback', 'telling'), /rollback +1 .*token +current\n$/);
  t.is(await node.warp.function('telling/which').remote(0), 'one 0');
  const history = await run('app', 'history', 'telling');
  t.is(history.split('\n').length, 5);
  t.regex(history, /deploy +1 +abc/);
  const logs = await run('app', 'logs', 'telling');
  t.regex(logs, /info .*@1 loaded\n/);
  t.false(logs.includes('\u001b'));
  t.regex(await run('app', 'rollback', 'telling', '--to', '2'), /rollback +2 .*token +current\n$/);
  t.is(await run('app', 'stop', 'telling'), 'telling is stopped\n');
  t.regex(await run('app', 'list'), /telling +stopped/);
});

test('types are written where they are wanted', async (t) => {
  await using sources = await Sources.make();
  await sources.link('typescript');
  await using node = await startAppNode();
  await node.apps.deploy(await sources.write('app.ts', telling('one')));
  const env = { WARPMAP_NODES: node.url, WARPMAP_TOKEN: TOKEN };
  const output = join(sources.directory, 'types');
  const { code, stdout, stderr } = await runCommand(memoryMain, ['types', 'telling', '--at', '1', '--output', output], {
    env,
  });
  t.is(code, 0, stderr);
  t.is(stdout, `${join(output, 'telling.d.ts')}: telling/which\n`);
});

test('what is wrong is one line, an exit code, and the mend', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  const env = { WARPMAP_NODES: node.url, WARPMAP_TOKEN: TOKEN };
  const path = await sources.write('app.ts', 'export const a = ;');
  const broken = await runCommand(memoryMain, ['deploy', path], { env });
  t.is(broken.code, 1);
  t.regex(broken.stderr, /^error BUNDLE_FAILED: app\.ts can't be bundled:\n {2}app\.ts:1:18: /);
  const unknown = await runCommand(memoryMain, ['app', 'stop', 'nothing'], { env });
  t.regex(unknown.stderr, /^error APP_UNKNOWN: /);
  const nowhere = await runCommand(memoryMain, ['app', 'list'], { env: { WARPMAP_NODES: '' } });
  t.is(nowhere.code, 2);
  t.regex(nowhere.stderr, /WARPMAP_NODES/);
  const strategy = await runCommand(memoryMain, ['deploy', path, '--strategy', 'canary'], { env });
  t.is(strategy.code, 2);
});
