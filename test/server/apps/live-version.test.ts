import test from 'ava';
import { LiveVersion } from '../../../server/apps/live-version.ts';
import type { AppHost } from '../../../server/host/app-host.ts';
import { ManualClock } from '../fixtures/clock.ts';
import { Sources, startAppNode } from './fixture.ts';

function stage() {
  const clock = new ManualClock();
  const told: string[] = [];
  // Its time alone is at stake here.
  const host = Promise.resolve({ functions: [], async [Symbol.asyncDispose]() {} } as unknown as AppHost);
  return { clock, told, live: new LiveVersion(host, clock, () => told.push('idle')) };
}

test('a version that is current stays up, though nobody holds it', (t) => {
  const { clock, told, live } = stage();
  live.hold(() => {})[Symbol.dispose]();
  clock.advance(1e9);
  t.deepEqual(told, []);
});

test('one that is not is given up 10 s after it was last held', (t) => {
  const { clock, told, live } = stage();
  live.setCurrent(false);
  clock.advance(9_999);
  const [one, other] = [live.hold(() => {}), live.hold(() => {})];
  clock.advance(1e9);
  one[Symbol.dispose]();
  clock.advance(1e9);
  t.deepEqual(told, []);
  other[Symbol.dispose]();
  clock.advance(9_999);
  live.hold(() => {})[Symbol.dispose]();
  clock.advance(9_999);
  live.setCurrent(true);
  clock.advance(1e9);
  t.deepEqual(told, [], 'it was current again');
  live.setCurrent(false);
  clock.advance(10_000);
  t.deepEqual(told, ['idle']);
});

test('who holds it hears that it ends, who held it does not', (t) => {
  const { live } = stage();
  const heard: string[] = [];
  live.hold(() => heard.push('before'))[Symbol.dispose]();
  live.hold((reason) => heard.push(reason.message));
  live.revoke(new Error('gone'));
  t.deepEqual(heard, ['gone']);
});

test('a version has the workers that it keeps as soon as it is current, and not before it is asked for otherwise', async (t) => {
  await using sources = await Sources.make();
  await using node = await startAppNode();
  const path = await sources.write(
    'app.ts',
    `import { App } from 'warpmap';
     export const app = new App('kept');
     export const entered = app.cls('Kept', { minWorkers: 1 }, { enter: () => { console.log('entered kept'); } });
     entered.method('run', () => 1);
     export const other = app.cls('Other', {}, { enter: () => { console.log('entered other'); } });
     other.method('run', () => 2);`,
  );
  await node.apps.deploy(path);
  await node.journal.says('entered kept');
  t.false(node.journal.entries.some(({ msg }) => msg === 'entered other'));
  t.is(await node.warp.function('kept/Other.run').remote(undefined), 2);
});
