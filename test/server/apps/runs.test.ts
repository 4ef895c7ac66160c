import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { RUN_LEASE_MS, Runs } from '../../../server/apps/runs.ts';
import { LocalObjects } from '../../../server/objects/local.ts';
import type { CallFilter, ChunkStore } from '../../../server/store/contract.ts';
import { Sources, startAppNode, telling } from './fixture.ts';

const APP = 'app~run';

interface Stage {
  readonly runs: Runs;
  time: number;
  calls: ('open' | 'sealed' | 'done')[];
}

async function withRuns(act: (stage: Stage) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'warpmap-runs-'));
  await using objects = await LocalObjects.open(directory);
  const list = (async ({ state }: CallFilter) =>
    stage.calls.filter((each) => state === undefined || each === state)) as unknown as ChunkStore['list'];
  const storage = { open: async () => ({ objects, store: { list } }) };
  const stage: Stage = { runs: new Runs({ storage, time: () => stage.time }), time: 0, calls: [] };
  await act(stage);
  await rm(directory, { recursive: true });
}

test('a run is there for as long as it says so, and then its app is removed', async (t) => {
  await withRuns(async (stage) => {
    await stage.runs.renew(APP);
    stage.time = RUN_LEASE_MS - 1;
    t.deepEqual(await stage.runs.look([APP]), []);
    await stage.runs.renew(APP);
    stage.time += RUN_LEASE_MS - 1;
    t.deepEqual(await stage.runs.look([APP]), []);
    t.false(stage.runs.isOver(APP));
    stage.time += 1;
    t.deepEqual(await stage.runs.look([APP]), [APP]);
  });
});

test('a run that has ended is not over before its last call is finished', async (t) => {
  await withRuns(async (stage) => {
    await stage.runs.renew(APP);
    await stage.runs.end(APP);
    stage.calls = ['sealed'];
    t.deepEqual(await stage.runs.look([APP]), []);
    t.false(stage.runs.isOver(APP));
    stage.calls = ['done'];
    t.deepEqual(await stage.runs.look([APP]), [], 'its calls can be retried');
    t.true(stage.runs.isOver(APP));
    stage.calls = [];
    t.deepEqual(await stage.runs.look([APP]), [], 'it is not looked at all the time');
    stage.time += 60_000;
    t.deepEqual(await stage.runs.look([APP]), [APP]);
  });
});

test('an app of a run is beside the deployed one of its name, and gone after the run', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  await node.apps.deploy(await sources.write('app.ts', telling('deployed')));
  const { app } = await node.apps.deploy(await sources.write('app.ts', telling('ran')), { run: 'r1' });
  t.is(app, 'telling~r1');
  const which = (name: string) => node.warp.function<number, string>(`${name}/which`).remote(0);
  t.is(await which('telling'), 'deployed 0');
  t.is(await which(app), 'ran 0');
  t.deepEqual(
    (await node.apps.list()).map(({ name }) => name),
    ['telling'],
  );
  t.deepEqual(
    (await node.apps.list({ runs: true })).map(({ name }) => name),
    ['telling', 'telling~r1'],
  );
  await node.apps.renewRun(app);
  await t.throwsAsync(node.apps.renewRun('telling'), { code: 'OPTION_INVALID' });
  await node.apps.endRun(app);
  // The next look removes it: nothing of it was spawned.
  while ((await node.apps.list({ runs: true })).length > 1) await which('telling');
  await t.throwsAsync(which(app), { code: 'FUNCTION_NOT_FOUND' });
  t.is(await which('telling'), 'deployed 0');
});
