import test from 'ava';
import type { Audience } from '../../../core/functions/batch-name.ts';
import { connect } from '../../../sdk/connect.ts';
import { Task } from '../../../server/host/task.ts';
import { range } from '../../../shard/iterables.ts';
import { encodeBlock } from '../../../shard/wire/block.ts';
import { CuttingProxy } from '../../sdk/fixtures/cuttingProxy.ts';
import { MemoryEngine } from '../fixtures/engine.ts';
import * as tricks from './apps/tricks.ts';
import { openHouse } from './harness.ts';

test('nothing more of a batch begins while nobody listens to it', (t) => {
  let [gone, changed] = [false, (): void => {}];
  let followed = 0;
  const audience: Audience = {
    get gone() {
      return gone;
    },
    subscribe(listener) {
      followed++;
      changed = listener;
      return () => followed--;
    },
  };
  const heard: boolean[] = [];
  const task = new Task(
    {
      function: 'f',
      timeout: undefined,
      engine: new MemoryEngine(),
      batch: { call: 'c', batch: 0, audience },
      spread: false,
      signal: new AbortController().signal,
      blocks: [encodeBlock([1, 2])],
    },
    (full) => heard.push(full),
  );
  t.false(task.full);
  for (const now of [true, false]) {
    gone = now;
    changed();
    t.is(task.full, now);
  }
  changed();
  t.deepEqual(heard, [true, false]);
  task.reject(new Error('over'));
  t.is(followed, 0);
});

test('an app answers clients that are cut off again and again, each input run once', async (t) => {
  await using house = await openHouse();
  await using proxy = await CuttingProxy.start(house.url, (turn) => 1500 + 11 * turn);
  await using warp = await connect({ nodes: [proxy.url] });
  const texts = Array.from(range(200), (index) => `text ${index}`);
  t.is((await Array.fromAsync(warp.function(tricks.say).map(texts, { maxBatchSize: 4 }))).length, texts.length);
  for (const text of texts) {
    await house.journal.says(`I say ${text}`);
    t.is(house.journal.entries.filter(({ msg }) => msg === `I say ${text}`).length, 1);
  }
  t.true(proxy.cuts > 5, `${proxy.cuts} cuts`);
});
