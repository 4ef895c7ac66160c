import test from 'ava';
import { ManualClock } from '../fixtures/clock.ts';
import * as tricks from './apps/tricks.ts';
import { openHouse } from './harness.ts';

class GraceClock extends ManualClock {
  readonly #armed = Promise.withResolvers<number>();
  /** The first time that someone waits for, in milliseconds. */
  readonly armed: Promise<number> = this.#armed.promise;

  override after(milliseconds: number, callback: () => void): Disposable {
    const timer = super.after(milliseconds, callback);
    this.#armed.resolve(milliseconds);
    return timer;
  }
}

test('a handler that does not hear that its caller left is ended with its worker', async (t) => {
  t.timeout(60_000);
  const clock = new GraceClock();
  await using house = await openHouse({ clock });
  const deaf = house.warp.function(tricks.deaf);
  const stop = new AbortController();
  const outputs = Array.fromAsync(deaf.map([1], { signal: stop.signal }));
  await house.journal.says('deaf began');
  stop.abort(new Error('enough'));
  await t.throwsAsync(outputs, { message: 'enough' });
  t.is(await clock.armed, 5_000);
  const other = deaf.remote(-1);
  clock.advance(5_000);
  t.is(await other, -1);
});
