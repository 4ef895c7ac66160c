import test from 'ava';
import { openHouse } from './harness.ts';
import * as tricks from './apps/tricks.ts';

test('the state of a class is put away when its node stops, and what it says then is in the log', async (t) => {
  t.timeout(60_000);
  const house = await openHouse();
  await house.warp.function(tricks.count).forEach([1, 1, 1]);
  await house[Symbol.asyncDispose]();
  t.like(await house.journal.says('put away after 3 runs'), { app: 'tricks' });
});
