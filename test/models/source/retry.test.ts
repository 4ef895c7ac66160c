import test from 'ava';
import { waitForReal } from '../../../models/source/hub/retry.ts';

test('a wait before the next attempt ends with the reason of the abort', async (t) => {
  const controller = new AbortController();
  const waiting = waitForReal(60_000, controller.signal);
  const reason = new RangeError('enough');
  controller.abort(reason);
  t.is(await t.throwsAsync(waiting), reason);
});
