import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Sources, startAppNode, telling } from './fixture.ts';

test('nodes of one storage run what was deployed to any of them, and hear of what was changed', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'warpmap-two-'));
  try {
    await using sources = await Sources.make();
    await using one = await startAppNode({ data });
    await using other = await startAppNode({ data });
    const which = (name: string) => other.warp.function<number, string>(name).remote(0);
    await one.apps.deploy(await sources.write('app.ts', telling('one')));
    // It finds the file of the store by itself.
    await other.journal.says('the store of calls is open');
    t.is(await which('telling/which'), 'one 0');
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
    await again.journal.says('the store of calls is open');
    t.is(await again.warp.function('telling/which').remote(0), 'one 0');
  } finally {
    await rm(data, { recursive: true });
  }
});
