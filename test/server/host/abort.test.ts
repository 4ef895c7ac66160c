import test from 'ava';
import { ManualClock } from '../fixtures/clock.ts';
import * as tricks from './apps/tricks.ts';
import { openHouse } from './harness.ts';

const GRACE_MS = 5_000;

class GraceClock extends ManualClock {
  readonly #armed = Promise.withResolvers<void>();
  /** Resolves when someone waits for the grace to end. */
  readonly armed: Promise<void> = this.#armed.promise;

  override after(milliseconds: number, callback: () => void): Disposable {
    const timer = super.after(milliseconds, callback);
    if (milliseconds === GRACE_MS) this.#armed.resolve();
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
  await clock.armed;
  const other = deaf.remote(-1);
  clock.advance(GRACE_MS);
  t.is(await other, -1);
});
