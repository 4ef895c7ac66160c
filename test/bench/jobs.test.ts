/** What bench:jobs times is right before it is fast. */
import test from 'ava';
import { checkOnce } from '../../bench/jobs/check.ts';
import { measureJobs } from '../../bench/jobs/measure.ts';
import { openOurs } from '../../bench/jobs/ours.ts';
import type { JobsSubject } from '../../bench/jobs/peer.ts';
import { openPeers } from '../../bench/jobs/peers.ts';
import { startDatabases } from '../../bench/jobs/postgres.ts';

async function* from(outputs: readonly unknown[]): AsyncGenerator<unknown> {
  yield* outputs;
}

test('we and each installed peer keep each input once, and the outputs of their runs apart', async (t) => {
  t.timeout(60_000);
  await using stack = new AsyncDisposableStack();
  const database = await startDatabases();
  const ours = [stack.use(await openOurs(1500)), stack.use(await openOurs(1500, await database()))];
  const peers = await openPeers(database, { stack, skipped: ({ message }) => t.log(`skipped: ${message}`) });
  t.true(peers.length > 0, 'pg-boss is always there');
  for (const subject of [...ours, ...peers]) {
    for (const inputs of [1, 1500]) {
      const run = await subject.begin(inputs);
      await run.submit();
      await run.drain();
      await t.notThrowsAsync(run.check(), subject.name);
      await run.forget();
    }
  }
});

test('outputs that are lost, double or nobody’s are not timed', async (t) => {
  await t.notThrowsAsync(checkOnce(from([2, 0, 1]), 3));
  await t.throwsAsync(checkOnce(from([2, 0]), 3), { message: /3 outputs, got 2/v });
  await t.throwsAsync(checkOnce(from([2, 0, 0]), 3), { message: /got 0 again/v });
  await t.throwsAsync(checkOnce(from([2, 0, 3]), 3), { message: /3 again, or it is nobody/v });
  await t.throwsAsync(checkOnce(from([2, 0, '1']), 3), { message: /1 again, or it is nobody/v });
});

test('a subject with fewer inputs is told at its rate, and the check is not timed', async (t) => {
  let milliseconds = 0;
  const order: string[] = [];
  const subject = (name: string, inputs: number): JobsSubject => ({
    name,
    peer: false,
    byHand: false,
    inputs,
    begin: async (count) => ({
      submit: async () => void (order.push(`${name} ${count}`), (milliseconds += count)),
      drain: async () => void (milliseconds += 2 * count),
      check: async () => void (milliseconds += 50_000),
      forget: async () => void (milliseconds += 50_000),
    }),
    [Symbol.asyncDispose]: async () => {},
  });
  const subjects = [subject('a', 4000), subject('b', 1000)];
  const { submits, drains } = await measureJobs(subjects, { rounds: 2, inputs: 4000, now: () => milliseconds });
  t.deepEqual(order, ['a 1000', 'b 250', 'a 4000', 'b 1000', 'b 1000', 'a 4000']);
  t.deepEqual(
    submits.map(({ seconds }) => seconds),
    [
      [4, 4],
      [4, 4],
    ],
  );
  t.deepEqual(
    drains.map(({ seconds }) => seconds),
    [
      [8, 8],
      [8, 8],
    ],
  );
});
