import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { connect } from '../../../sdk/connect.ts';
import { Apps } from '../../../sdk/deploy/apps.ts';
import { memoryMain, start } from '../../cli/fixtures/command.ts';
import { Sources, telling, TOKEN } from './fixture.ts';

/** A node in a process of its own, with the data of those before it. */
async function serve(data: string) {
  const command = start(memoryMain, ['serve', '--port', '0', '--announce', '--data', data], { WARPMAP_TOKEN: TOKEN });
  const { url } = JSON.parse(await command.line()) as { url: string };
  const kill = async (): Promise<void> => {
    if (command.process.signalCode !== null) return;
    const gone = once(command.process, 'exit');
    command.process.kill('SIGKILL');
    await gone;
  };
  return { command, url, kill, apps: await Apps.open({ nodes: [url], token: TOKEN }) };
}

async function which(url: string): Promise<string> {
  await using warp = await connect({ nodes: [url], token: TOKEN });
  return await warp.function<number, string>('telling/which').remote(0);
}

for (const [when, text, expected] of [
  ['while it loads the bundle', 'the module is loading', 'one 0'],
  ['once the version is made', 'an app was deployed', 'two 0'],
] as const) {
  test(`a node is killed in the middle of a deploy, ${when}: what is current is whole`, async (t) => {
    const data = await mkdtemp(join(tmpdir(), 'warpmap-killed-'));
    await using sources = await Sources.make();
    const first = await serve(data);
    await first.apps.deploy(await sources.write('app.ts', telling('one')));
    const waits = when.startsWith('while') ? `await new Promise((resolve) => setTimeout(resolve, 60_000));` : '';
    const path = await sources.write(
      'app.ts',
      telling('two', { more: `process.stderr.write('the module is loading\\n'); ${waits}` }),
    );
    if (waits === '') {
      await first.apps.deploy(path);
      await first.command.stderrShows(text);
    } else {
      const deploying = first.apps.deploy(path).catch((error: unknown) => error);
      await first.command.stderrShows(text);
      await first.kill();
      t.like(await deploying, { code: 'NODE_UNREACHABLE' });
    }
    await first.kill();
    const again = await serve(data);
    const { current, changes } = await again.apps.history('telling');
    t.is(current, changes.length);
    t.is(await which(again.url), expected);
    t.is(
      (await again.apps.deploy(await sources.write('app.ts', telling('three')))).version.version,
      changes.length + 1,
    );
    t.is(await which(again.url), 'three 0');
    await again.kill();
    for (const { apps } of [first, again]) await apps[Symbol.asyncDispose]();
    await rm(data, { recursive: true, force: true });
  });
}
