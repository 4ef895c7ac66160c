import test from 'ava';
import { ShiftedClock } from '../fixtures/shifted-clock.ts';
import * as tricks from './apps/tricks.ts';
import { openHouse } from './harness.ts';

test('the state of a class is put away when its node stops, and what it says then is in the log', async (t) => {
  t.timeout(60_000);
  const house = await openHouse();
  await house.warp.function(tricks.count).forEach([1, 1, 1]);
  await house[Symbol.asyncDispose]();
  t.like(await house.journal.says('put away after 3 runs'), { app: 'tricks' });
});

test('it is put away when its worker is not wanted any more, and the next worker makes another', async (t) => {
  t.timeout(60_000);
  const clock = new ShiftedClock();
  await using house = await openHouse({ clock });
  const count = house.warp.function(tricks.count);
  const { pid } = await count.remote(1);
  clock.advance(60_000);
  await house.journal.says('put away after 1 runs');
  t.not((await count.remote(1)).pid, pid);
});

test('a state that can not be put away is told of, and holds nothing up', async (t) => {
  t.timeout(60_000);
  const house = await openHouse();
  await house.warp.function(tricks.sourly).remote();
  await house[Symbol.asyncDispose]();
  const { msg, level } = await house.journal.first((entry) => /could not be put away/.test(String(entry['msg'])));
  t.regex(String(msg), /RangeError: this state stays/);
  t.is(level, 50);
});

test('it is put away only when the handlers that still run have been told, and have ended', async (t) => {
  t.timeout(60_000);
  const house = await openHouse();
  const running = house.warp.function(tricks.wade).remote(true);
  running.catch(() => {});
  await house.journal.says('wade began');
  await house[Symbol.asyncDispose]();
  await t.throwsAsync(running);
  const said = house.journal.entries.map(({ msg }) => String(msg)).filter((text) => /\bpond\b/.test(text));
  t.deepEqual(said, ['wade ended in a pond that is open', 'pond is put away']);
});

test('a handler that does not end holds that up for a while only', async (t) => {
  t.timeout(60_000);
  const house = await openHouse();
  house.warp
    .function(tricks.wade)
    .remote(false)
    .catch(() => {});
  await house.journal.says('wade began');
  await house[Symbol.asyncDispose]();
  t.true(house.journal.entries.some(({ msg }) => msg === 'pond is put away'));
});
