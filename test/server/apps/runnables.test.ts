import test from 'ava';
import type { AppState } from '../../../server/apps/changes.ts';
import { Runnables } from '../../../server/apps/runnables.ts';
import type { Backlog } from '../../../server/store/contract.ts';
import type { AppVersion } from '../../../shard/app/deployment.ts';

function appsOf(versions: number, { stopped = false } = {}): ReadonlyMap<string, AppState> {
  const all = Array.from({ length: versions }, (_, at): AppVersion => {
    const functions = [{ name: 'fn', generator: false, minWorkers: 0 }];
    return { version: at + 1, bundle: '', bytes: 1, packages: {}, functions, strategy: 'rolling' };
  });
  const current = stopped ? undefined : all.at(-1);
  return new Map([
    ['app', { name: 'app', changes: [], versions: new Map(all.map((each) => [each.version, each])), current }],
  ]);
}

const none = () => [];
const versionsOf = (runnables: readonly { readonly version?: number }[]) => runnables.map(({ version }) => version);

test('a node takes work of every version, and of none of an app that was stopped', (t) => {
  const runnables = new Runnables();
  t.deepEqual(versionsOf(runnables.list(appsOf(3), none)), [1, 2, 3]);
  t.deepEqual(runnables.list(appsOf(3, { stopped: true }), none), []);
});

test('of very many versions it takes work of those that are current or up, or that have some', async (t) => {
  const runnables = new Runnables();
  const apps = appsOf(300);
  t.deepEqual(versionsOf(runnables.list(apps, none)), [300]);
  t.deepEqual(versionsOf(runnables.list(apps, () => [{ function: 'app/fn', version: 7 }])), [300, 7]);
  const work = (version: number): Backlog => ({ function: 'app/fn', version, pending: 1, running: 0 });
  const store = (...backlog: Backlog[]) => ({ backlog: async () => backlog });
  const others = [work(9), work(300), work(999), { function: 'embed', pending: 1, running: 0 }];
  await runnables.look(apps, store(...others), 0);
  t.deepEqual(versionsOf(runnables.list(apps, () => [{ function: 'app/fn', version: 9 }])), [300, 9]);
  await runnables.look(apps, store(), 4_999);
  t.deepEqual(versionsOf(runnables.list(apps, none)), [300, 9], 'it does not look all the time');
  await runnables.look(apps, store(), 5_000);
  t.deepEqual(versionsOf(runnables.list(apps, none)), [300]);
});
