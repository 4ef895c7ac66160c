import test from 'ava';
import { InputError, ShardError } from '../../shard/errors.ts';
import { range } from '../../shard/iterables.ts';
import { pump } from '../../shard/pump.ts';
import { FakeClock } from './fake-clock.ts';
import { laneOf, mapping, type RecordedLane } from './lanes.ts';

const RESTART = 3000;

interface Server {
  readonly lane: RecordedLane<number, number>;
  readonly deaths: () => number;
  /** Deaths at which it ran more than one batch. */
  readonly crowded: () => number;
}

/** A server that dies of some inputs, with all that it runs, and is up again after three seconds. */
function serverOf(name: string, clock: FakeClock, poison: (input: number) => boolean): Server {
  const running = new Set<(error: Error) => void>();
  let deaths = 0;
  let crowded = 0;
  let downUntil = -Infinity;

  function requireUp(): void {
    if (clock.now() < downUntil) throw new ShardError('LANE_LOST', 'refused', { reached: false });
  }

  function die(): void {
    deaths++;
    if (running.size > 1) crowded++;
    downUntil = clock.now() + RESTART;
    for (const reject of running) reject(new ShardError('LANE_LOST', 'cut'));
  }

  const lane = laneOf<number, number>(
    name,
    async function* ({ inputs }, signal) {
      requireUp();
      const died = Promise.withResolvers<never>();
      running.add(died.reject);
      try {
        await Promise.race([clock.sleep(10, signal), died.promise]);
        if (inputs.some(poison)) die();
        if (clock.now() < downUntil) await died.promise;
        yield { first: 0, outputs: inputs };
      } finally {
        running.delete(died.reject);
      }
    },
    4,
  );
  return {
    lane: Object.assign(lane, { check: async () => requireUp() }),
    deaths: () => deaths,
    crowded: () => crowded,
  };
}

const poisoned = test.macro({
  title: (_, what: string) => `an input that kills every node it reaches fails alone, ${what}`,
  async exec(t, _what: string, nodes: number, count: number, poison: number, maxBatchSize: number) {
    const clock = new FakeClock();
    const servers = [...range(nodes)].map((each) => serverOf(`${each}`, clock, (input) => input === poison));
    const lanes = servers.map(({ lane }) => lane);
    const options = { clock, returnErrors: true, initialBatchSize: 16, maxBatchSize };
    const outputs = await clock.run(Array.fromAsync(pump(range(count), lanes, options)));
    t.like(outputs[poison], { name: 'InputError', code: 'INPUT_LOST', index: poison, attempts: 1 });
    t.true((outputs[poison] as InputError).losses > 8);
    t.deepEqual(outputs.toSpliced(poison, 1), [...range(count)].toSpliced(poison, 1));
    const deaths = servers.reduce((sum, server) => sum + server.deaths(), 0);
    t.true(deaths <= 10, `${deaths} deaths`);
    // Once under suspicion it brings down no other batch.
    const crowded = servers.reduce((sum, server) => sum + server.crowded(), 0);
    t.true(crowded <= 2, `${crowded} deaths with other batches`);
    t.is(clock.pending, 0);
  },
});
test('on two', poisoned, 'on two nodes', 2, 1000, 500, 64);
test('on one', poisoned, 'on the only node', 1, 1000, 500, 64);
test('among few', poisoned, 'among few others', 2, 3, 2, 64);
test('as the first', poisoned, 'as the first', 1, 100, 0, 16);
test('in batches of one', poisoned, 'in batches of one, beside others that are not to blame', 2, 200, 70, 1);
test('large', poisoned, 'in a large batch', 3, 20_000, 15_000, 4096);

test('where every batch kills its node the map ends soon, though failures are returned', async (t) => {
  const clock = new FakeClock();
  const servers = [serverOf('a', clock, () => true), serverOf('b', clock, () => true)];
  const lanes = servers.map(({ lane }) => lane);
  const outputs = pump(range(1000), lanes, { clock, returnErrors: true });
  await t.throwsAsync(clock.run(Array.fromAsync(outputs)), { code: 'LANES_EXHAUSTED' });
  const deaths = servers.reduce((sum, server) => sum + server.deaths(), 0);
  t.true(deaths < 100, `${deaths} deaths`);
});

/** Lanes that refuse until a moment. */
function down(name: string, clock: FakeClock, until: number): RecordedLane<number, number> & { refused: number } {
  const lane = laneOf<number, number>(name, async function* (batch) {
    if (clock.now() < until) {
      counted.refused++;
      throw new ShardError('LANE_LOST', 'refused', { reached: false });
    }
    yield { first: 0, outputs: batch.inputs };
  });
  const counted = Object.assign(lane, { refused: 0 });
  return counted;
}

for (const count of [1, 2, 30]) {
  test(`a map goes on when all of ${count} nodes were gone for half a minute`, async (t) => {
    const clock = new FakeClock();
    const lanes = [...range(count)].map((each) => down(`${each}`, clock, 30_000));
    const outputs = await clock.run(Array.fromAsync(pump(range(200), lanes, { clock })));
    t.deepEqual(outputs, [...range(200)]);
    t.true(clock.now() < 46_000);
  });

  test(`a map of which all ${count} nodes are gone ends within a minute, and asks each a few times`, async (t) => {
    const clock = new FakeClock();
    const lanes = [...range(count)].map((each) => down(`${each}`, clock, Infinity));
    const outputs = pump(range(200), lanes, { clock, returnErrors: true });
    await t.throwsAsync(clock.run(Array.fromAsync(outputs)), { code: 'LANES_EXHAUSTED', message: /0: refused/ });
    t.true(clock.now() > 30_000 && clock.now() < 60_000, `${clock.now()} ms`);
    // Two at once the first time, and then one at a time.
    t.true(lanes.every(({ refused }) => refused <= 11));
  });
}

test('a node that is gone is used once it is up, though the map began without it', async (t) => {
  const clock = new FakeClock();
  const late = down('late', clock, 2000);
  const steady = laneOf<number, number>('steady', async function* (batch) {
    await clock.sleep(100);
    yield { first: 0, outputs: batch.inputs };
  });
  await clock.run(Array.fromAsync(pump(range(3000), [late, steady], { clock, maxBatchSize: 16 })));
  t.true(late.batches.length > late.refused + 10);
});

test('a node that hangs up now and then convicts no input', async (t) => {
  const clock = new FakeClock();
  let turn = 0;
  const flaky = laneOf<number, number>('flaky', async function* (batch) {
    await clock.sleep(10);
    if (turn++ % 2 === 0) throw new ShardError('LANE_LOST', 'cut');
    yield { first: 0, outputs: batch.inputs };
  });
  const outputs = await clock.run(Array.fromAsync(pump(range(500), [flaky], { clock, maxBatchSize: 8 })));
  t.deepEqual(outputs, [...range(500)]);
});

test('what waits for a retry holds back nothing else', async (t) => {
  const clock = new FakeClock();
  let failed = false;
  const lane = laneOf<number, number>('a', async function* (batch) {
    for (const [index, input] of batch.inputs.entries()) {
      if (input === 0 && !failed) {
        failed = true;
        yield { index, error: { code: 'FUNCTION_FAILED', message: '' } };
      } else yield { first: index, outputs: [input] };
    }
  });
  const retries = { maxRetries: 1, initialDelay: 60_000, jitter: 0 };
  const seen: number[] = [];
  const consume = async (): Promise<void> => {
    for await (const output of pump(range(1000), [lane], { clock, retries, ordered: false })) {
      seen.push(output as number);
      if (seen.length === 999) t.is(clock.now(), 0);
    }
  };
  await clock.run(consume());
  t.is(seen.at(-1), 0);
  t.is(clock.now(), 60_000);
});

test('delays between tries grow up to the longest that is allowed', async (t) => {
  const clock = new FakeClock();
  const at: number[] = [];
  const lane = laneOf<number, number>('a', async function* () {
    at.push(clock.now());
    yield { index: 0, error: { code: 'FUNCTION_FAILED', message: '' } };
  });
  const retries = { maxRetries: 6, initialDelay: 1000, backoffCoefficient: 2, maxDelay: 5000, jitter: 0 };
  const error = await t.throwsAsync(clock.run(Array.fromAsync(pump([1], [lane], { clock, retries }))));
  t.like(error, { attempts: 7, losses: 0 });
  t.deepEqual(
    at.slice(1).map((time, turn) => time - at[turn]!),
    [1000, 2000, 4000, 5000, 5000, 5000],
  );
});

test('failures of the function and losses of nodes are counted apart', async (t) => {
  const clock = new FakeClock();
  let turn = 0;
  const lane = laneOf<number, number>('a', async function* () {
    if (turn++ < 3) throw new ShardError('LANE_LOST', 'cut');
    yield { index: 0, error: { code: 'FUNCTION_FAILED', message: '' } };
  });
  let counts = {};
  const options = { clock, retries: { maxRetries: 1 }, onProgress: (progress: object) => (counts = progress) };
  const error = await t.throwsAsync(clock.run(Array.fromAsync(pump([1], [lane], options))), { instanceOf: InputError });
  t.like(error, { attempts: 2, losses: 3 });
  t.like(counts, { resent: 3, retried: 1 });
});

test('clients that were turned away together come back apart', async (t) => {
  const clock = new FakeClock();
  const arrivals: number[] = [];
  let seed = 1;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  /** A node that is full for 20 s, and tells each to come back after one second. */
  const client = () =>
    laneOf<number, number>('node', async function* (batch) {
      arrivals.push(clock.now());
      if (clock.now() < 20_000) throw new ShardError('LANE_BUSY', 'full', { retryAfter: 1000 });
      yield { first: 0, outputs: batch.inputs };
    });
  const clients = 200;
  const maps = [...range(clients)].map(async () => Array.fromAsync(pump(range(10), [client()], { clock, random })));
  await clock.run(Promise.all(maps));
  const later = arrivals.filter((at) => at > 0);
  t.true(later.every((at) => at >= 1000));
  // Nobody asks more often than told, and later less often still.
  t.true(later.length <= clients * 12, `${later.length} requests`);
  for (const start of range(0, 20_000, 100)) {
    const burst = later.filter((at) => at >= start && at < start + 100).length;
    t.true(burst <= clients * 0.6, `${burst} of ${clients} clients within 100 ms at ${start}`);
  }
});

test('the only lane being busy does not keep the map from its other lanes', async (t) => {
  const clock = new FakeClock();
  // oxlint-disable-next-line require-yield
  const busy = laneOf<number, number>('busy', async function* () {
    throw new ShardError('LANE_BUSY', 'full', { retryAfter: 1_000_000 });
  });
  const good = mapping<number, number>('good', (input) => input);
  t.deepEqual(await clock.run(Array.fromAsync(pump(range(1000), [busy, good], { clock }))), [...range(1000)]);
  t.is(clock.now(), 0);
});
