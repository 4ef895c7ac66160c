import test from 'ava';
import type { Lane, Lanes } from '../../shard/contract.ts';
import { ShardError } from '../../shard/errors.ts';
import { range } from '../../shard/iterables.ts';
import { pump } from '../../shard/pump.ts';
import { FakeClock } from './fake-clock.ts';
import { laneOf, mapping } from './lanes.ts';

class Changing implements Lanes<number, number> {
  current: readonly Lane<number, number>[] = [];
  readonly #listeners = new Set<() => void>();

  get listeners(): number {
    return this.#listeners.size;
  }

  subscribe(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  set(...lanes: readonly Lane<number, number>[]): void {
    this.current = lanes;
    for (const changed of this.#listeners) changed();
  }
}

const same = (name: string, clock: FakeClock) =>
  laneOf<number, number>(name, async function* (batch, signal) {
    await clock.sleep(100, signal);
    yield { first: 0, outputs: batch.inputs };
  });

test('a map without a lane waits for one, and an empty map does not', async (t) => {
  const clock = new FakeClock();
  const lanes = new Changing();
  t.deepEqual(await clock.run(Array.fromAsync(pump([], lanes, { clock }))), []);
  t.deepEqual(await clock.run(Array.fromAsync(pump((async function* () {})(), lanes, { clock }))), []);
  t.is(clock.now(), 0);
  clock.after(60_000, () => lanes.set(mapping('a', (input) => input)));
  t.deepEqual(await clock.run(Array.fromAsync(pump(range(100), lanes, { clock }))), [...range(100)]);
  t.is(clock.now(), 60_000);
  t.is(lanes.listeners, 0);
});

test('a map that is left without lanes ends when patience does', async (t) => {
  const clock = new FakeClock();
  const lanes = new Changing();
  lanes.set(same('a', clock));
  clock.after(150, () => lanes.set());
  const outputs = pump(range(10_000), lanes, { clock, patience: 20_000 });
  await t.throwsAsync(clock.run(Array.fromAsync(outputs)), { code: 'LANES_EXHAUSTED', message: /No node is left/ });
  // What was in flight ended after 200 ms.
  t.is(clock.now(), 20_200);
  t.is(clock.pending, 0);
});

test('what a lane has in flight when it leaves is finished there, and goes elsewhere if the lane is lost', async (t) => {
  for (const lost of [false, true]) {
    const clock = new FakeClock();
    const lanes = new Changing();
    const leaving = laneOf<number, number>('leaving', async function* (batch, signal) {
      await clock.sleep(1000, signal);
      if (lost) throw new ShardError('LANE_LOST', 'gone');
      yield { first: 0, outputs: batch.inputs };
    });
    const staying = same('staying', clock);
    lanes.set(leaving);
    clock.after(500, () => lanes.set(staying));
    const outputs = await clock.run(Array.fromAsync(pump(range(500), lanes, { clock })));
    t.deepEqual(outputs, [...range(500)]);
    t.is(leaving.batches.length, 2);
    t.is(
      staying.batches.some(({ indices }) => indices[0] === 0),
      lost,
    );
  }
});

test('a map that ends early cancels what a lane that left still runs', async (t) => {
  const clock = new FakeClock();
  const lanes = new Changing();
  const [leaving, staying] = [same('leaving', clock), same('staying', clock)];
  lanes.set(leaving);
  clock.after(50, () => lanes.set(staying));
  const controller = new AbortController();
  clock.after(60, () => controller.abort());
  const outputs = pump(range(500), lanes, { clock, signal: controller.signal });
  await t.throwsAsync(clock.run(Array.fromAsync(outputs)), { name: 'AbortError' });
  t.is(leaving.cancelled, 1);
  t.is(staying.cancelled, 1);
});
