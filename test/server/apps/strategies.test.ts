import test from 'ava';
import { type AppNode, Sources, startAppNode } from './fixture.ts';

/** An app whose handler says that it has begun, and goes on once there is a file. */
function waiting(text: string, gate: string): string {
  return `
    import { existsSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { App, context } from 'warpmap';
    export const app = new App('waiting');
    export const which = app.function('which', async (input: number) => {
      const { signal, log } = context();
      log('began', { version: '${text}', pid: process.pid });
      while (!existsSync('${gate}')) await sleep(10, undefined, { signal });
      return '${text} ' + input;
    });`;
}

const began = (node: AppNode, version: string) =>
  node.journal.first((entry) => entry['msg'] === 'began' && entry['version'] === version);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('rolling: the version before finishes what it has, while new work goes to the new one', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  const gate = `${sources.directory}/gate`;
  const which = node.warp.function<number, string>('waiting/which');
  await node.apps.deploy(await sources.write('app.ts', waiting('one', gate)));
  const first = which.remote(1);
  await began(node, 'one');
  await node.apps.deploy(await sources.write('app.ts', waiting('two', gate)));
  const second = which.remote(2);
  await began(node, 'two');
  await sources.write('gate', '');
  t.deepEqual(await Promise.all([first, second]), ['one 1', 'two 2']);
});

test('recreate: the workers of the version before are gone before there are new ones, which get what they had', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  const gate = `${sources.directory}/gate`;
  const which = node.warp.function<number, string>('waiting/which');
  await node.apps.deploy(await sources.write('app.ts', waiting('one', gate)));
  const first = which.remote(1);
  const { pid } = (await began(node, 'one')) as unknown as { pid: number };
  await node.apps.deploy(await sources.write('app.ts', waiting('two', gate)), { strategy: 'recreate' });
  await began(node, 'two');
  t.false(isAlive(pid));
  await sources.write('gate', '');
  t.is(await first, 'two 1');
  t.is(await node.warp.function('waiting/which@1').remote(3), 'one 3', 'by its number it is there still');
});

test('a map that is pinned to a version sees no other, whatever is deployed meanwhile', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  const gate = await sources.write('gate', '');
  await node.apps.deploy(await sources.write('app.ts', waiting('one', gate)));
  const second = await sources.write('two.ts', waiting('two', gate));
  async function* inputs() {
    yield 0;
    await node.apps.deploy(second);
    yield 1;
  }
  const pinned = node.warp.function<number, string>('waiting/which@1');
  t.deepEqual(await Array.fromAsync(pinned.map(inputs(), { linger: 0 })), ['one 0', 'one 1']);
  t.is(await node.warp.function('waiting/which').remote(2), 'two 2');
});
