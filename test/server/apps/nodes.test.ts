import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Apps } from '../../../sdk/deploy/apps.ts';
import { Sources, startAppNode, telling, TOKEN } from './fixture.ts';

test('nodes of one storage run what was deployed to any of them, and hear of what was changed', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'warpmap-two-'));
  try {
    await using sources = await Sources.make();
    await using one = await startAppNode({ data });
    await using other = await startAppNode({ data });
    const which = (name: string) => other.warp.function<number, string>(name).remote(0);
    await one.apps.deploy(await sources.write('app.ts', telling('one')));
    t.is(await which('telling/which'), 'one 0', 'though it had kept nothing before');
    await one.apps.deploy(await sources.write('app.ts', telling('two')));
    t.is(await which('telling/which@2'), 'two 0', 'a version that it does not know is looked for at once');
    await one.apps.stop('telling');
    // Whatever it knows is a second old at most.
    for (;;) {
      const failed = await which('telling/which').then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failed === undefined) continue;
      t.like(failed, { code: 'APP_STOPPED' });
      break;
    }
  } finally {
    await rm(data, { recursive: true });
  }
});

test('of those who deploy at once each gets a version of its own, and their numbers have no gaps', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'warpmap-two-'));
  try {
    await using sources = await Sources.make();
    await using one = await startAppNode({ data });
    await using other = await startAppNode({ data });
    const deploys = Array.from({ length: 6 }, async (_, at) => {
      const path = await sources.write(`app${at}.ts`, telling(`number ${at}`));
      return (at % 2 === 0 ? one : other).apps.deploy(path);
    });
    const versions = (await Promise.all(deploys)).map(({ version }) => version.version);
    t.deepEqual(
      versions.toSorted((a, b) => a - b),
      [1, 2, 3, 4, 5, 6],
    );
    const { current, changes } = await one.apps.history('telling');
    t.is(current, 6);
    t.deepEqual(
      changes.map(({ number }) => number),
      [1, 2, 3, 4, 5, 6],
    );
    for (const node of [one, other]) {
      const outputs = await Promise.all(
        versions.map((version) => node.warp.function<number, string>(`telling/which@${version}`).remote(0)),
      );
      t.deepEqual(
        outputs,
        versions.map((_, at) => `number ${at} 0`),
      );
    }
  } finally {
    await rm(data, { recursive: true });
  }
});

test('what was deployed is there when its node is started again', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'warpmap-again-'));
  try {
    await using sources = await Sources.make();
    const node = await startAppNode({ data });
    await node.apps.deploy(await sources.write('app.ts', telling('one')));
    await node.stop();
    await using again = await startAppNode({ data });
    t.is(await again.warp.function('telling/which').remote(0), 'one 0');
  } finally {
    await rm(data, { recursive: true });
  }
});

test('all nodes that are named have changed when a command says so, and one that keeps its apps elsewhere is told', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'warpmap-two-'));
  try {
    await using sources = await Sources.make();
    await using one = await startAppNode({ data });
    await using other = await startAppNode({ data });
    await using both = await Apps.open({ nodes: [one.url, other.url], token: TOKEN });
    const which = other.warp.function<number, string>('telling/which');
    const first = await sources.write('one.ts', telling('one'));
    const second = await sources.write('two.ts', telling('two'));
    for (const [act, expected] of [
      [() => both.deploy(first), 'one 0'],
      [() => both.deploy(second), 'two 0'],
      [() => both.rollback('telling'), 'one 0'],
      [() => both.deploy(second, { strategy: 'recreate' }), 'two 0'],
    ] as const) {
      await act();
      t.is(await which.remote(0), expected);
    }
    await both.stop('telling');
    await t.throwsAsync(which.remote(0), { code: 'APP_STOPPED' });

    await using apart = await startAppNode();
    await using all = await Apps.open({ nodes: [one.url, apart.url], token: TOKEN });
    const error = await t.throwsAsync(all.deploy(first), { code: 'STORES_DIFFER' });
    t.true(error.message.includes(`not for ${apart.url}`), error.message);
    t.is((await one.apps.history('telling')).current, 4);
  } finally {
    await rm(data, { recursive: true });
  }
});
