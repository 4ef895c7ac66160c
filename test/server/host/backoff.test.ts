import test from 'ava';
import { Backoff } from '../../../server/host/backoff.ts';

test('after each failure in a row the next try is twice as far off, up to a minute', (t) => {
  const backoff = new Backoff();
  t.true(backoff.wait(0) <= 0);
  let now = 0;
  const waits = Array.from({ length: 8 }, (_, index) => {
    backoff.failed(index, now);
    const wait = backoff.wait(now);
    now += wait;
    return wait;
  });
  t.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  t.is(backoff.failures, 8);
});

test('workers that were started together and fail together are one failure', (t) => {
  const backoff = new Backoff();
  backoff.failed('one', 0);
  backoff.failed('two', 1);
  t.like(backoff, { failures: 1, reason: 'two' });
  t.is(backoff.wait(1), 999);
});

test('a success forgets the failures before it', (t) => {
  const backoff = new Backoff();
  backoff.failed('one', 0);
  backoff.succeeded();
  t.like(backoff, { failures: 0, reason: undefined });
  t.true(backoff.wait(0) <= 0);
});
