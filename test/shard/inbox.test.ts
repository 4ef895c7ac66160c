import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { Inbox } from '../../shard/inbox.ts';

testProp(
  'what was put in comes out in order, however it is put in and taken',
  [fc.array(fc.array(fc.integer()))],
  async (t, bursts) => {
    const inbox = new Inbox<number>();
    const taken = Array.fromAsync(inbox);
    for (const burst of bursts) {
      for (const value of burst) inbox.push(value);
      await Promise.resolve();
    }
    inbox.end();
    inbox.push(1);
    t.deepEqual(await taken, bursts.flat());
  },
  { verbose: 1 },
);

test('why no more comes is told after what did', async (t) => {
  const inbox = new Inbox<number>();
  inbox.push(1);
  inbox.fail(new Error('cut'));
  inbox.end();
  const reader = inbox[Symbol.asyncIterator]();
  t.deepEqual(await reader.next(), { done: false, value: 1 });
  await t.throwsAsync(reader.next(), { message: 'cut' });
});

test('who waits for nothing hears of the end', async (t) => {
  const inbox = new Inbox<number>();
  const next = inbox[Symbol.asyncIterator]().next();
  inbox.end();
  t.deepEqual(await next, { done: true, value: undefined });
});
