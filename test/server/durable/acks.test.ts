import test from 'ava';
import { pino } from 'pino';
import { Acks, type Report } from '../../../server/durable/runner/acks.ts';
import { ServerError } from '../../../server/errors.ts';
import type { Acknowledgement } from '../../../server/store/contract.ts';
import { ManualClock } from '../fixtures/clock.ts';

const KEEP: Report = { outcomes: [], retried: 0, next: 'keep' };
const lease = (index: number): Acknowledgement['lease'] => ({ call: 'call', index, fence: 1 });

/** Lets what was begun get on. */
const breathe = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A store that answers when the test says so. */
class HeldStore {
  readonly asked: (readonly Acknowledgement[])[] = [];
  readonly #answers: PromiseWithResolvers<void>[] = [];

  async acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<boolean[]> {
    this.asked.push(acknowledgements);
    const answer = Promise.withResolvers<void>();
    this.#answers.push(answer);
    await answer.promise;
    return acknowledgements.map(() => true);
  }

  answer(error?: Error): void {
    const answer = this.#answers.shift()!;
    if (error) answer.reject(error);
    else answer.resolve();
  }
}

function acksOf(store: HeldStore, clock: ManualClock): Acks {
  const log = pino({ level: 'silent' });
  return new Acks({ store, clock, log, onTaken: () => {}, onStoreError: () => {} });
}

test('what is kept goes out after its time, also if that time came once while others were on their way', async (t) => {
  const store = new HeldStore();
  const clock = new ManualClock();
  using acks = acksOf(store, clock);
  const first = acks.add(lease(0), { ...KEEP, next: 'finish' });
  await breathe();
  const second = acks.add(lease(1), KEEP);
  // Its time comes while the store is busy with the first.
  clock.advance(100);
  store.answer();
  await first;
  await breathe();
  store.answer();
  t.true(await second);

  const third = acks.add(lease(2), KEEP);
  clock.advance(100);
  await breathe();
  t.deepEqual(
    store.asked.map((asked) => asked.map(({ lease: { index } }) => index)),
    [[0], [1], [2]],
  );
  store.answer();
  t.true(await third);
});

test('what the store could not take goes out again with what has come since', async (t) => {
  const store = new HeldStore();
  const clock = new ManualClock();
  using acks = acksOf(store, clock);
  const first = acks.add(lease(0), { ...KEEP, retried: 1 });
  clock.advance(100);
  await breathe();
  const second = acks.add(lease(0), { ...KEEP, retried: 2, next: 'finish' });
  store.answer(new ServerError('STORE_UNAVAILABLE', 'away'));
  await breathe();
  clock.advance(60_000);
  await breathe();
  t.like(store.asked[1]![0], { retried: 3, next: 'finish' });
  store.answer();
  t.true(await first);
  t.true(await second);
});
