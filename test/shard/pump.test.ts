import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { BatchError, InputError, ShardError } from '../../shard/errors.ts';
import { range, repeat, zip } from '../../shard/iterables.ts';
import type { PumpOptions, PumpProgress } from '../../shard/options.ts';
import { pump } from '../../shard/pump.ts';
import { FakeClock } from './fake-clock.ts';
import { laneOf, mapping, type RecordedLane } from './lanes.ts';

const double = (name = 'a'): RecordedLane<number, number> => mapping(name, (input) => input * 2);
const still = { random: () => 0 };

test('outputs come in the order of their inputs', async (t) => {
  const outputs = await Array.fromAsync(pump(range(1000), [double('a'), double('b')]));
  t.deepEqual(outputs, [...range(0, 2000, 2)]);
});

test('an empty map returns at once, and asks no lane', async (t) => {
  const lane = double();
  t.deepEqual(await Array.fromAsync(pump([], [lane])), []);
  t.deepEqual(await Array.fromAsync(pump((async function* () {})(), [lane])), []);
  t.is(lane.batches.length, 0);
});

test('undefined is an output like any other', async (t) => {
  const lane = mapping<number, undefined>('a', () => undefined);
  t.deepEqual(await Array.fromAsync(pump(range(3), [lane])), [undefined, undefined, undefined]);
});

test('as completed, a slow head does not hold back the rest', async (t) => {
  const clock = new FakeClock();
  const lane = laneOf<number, number>(
    'a',
    async function* (batch) {
      if (batch.number === 0) await clock.sleep(1000);
      yield { first: 0, outputs: batch.inputs };
    },
    2,
  );
  const options = { ordered: false, clock, initialBatchSize: 1, maxBatchSize: 1 };
  const outputs = await clock.run(Array.fromAsync(pump(range(6), [lane], options)));
  t.deepEqual(outputs, [1, 2, 3, 4, 5, 0]);
});

test('in order, a slow head stalls reading at the window', async (t) => {
  const clock = new FakeClock();
  let read = 0;
  function* source(): Generator<number> {
    for (; read < 10_000;) yield read++;
  }
  const seen: number[] = [];
  const lane = laneOf<number, number>('a', async function* (batch) {
    if (batch.number === 0) {
      await clock.sleep(60_000);
      seen.push(read);
    }
    yield { first: 0, outputs: batch.inputs };
  });
  const outputs = await clock.run(Array.fromAsync(pump(source(), [lane], { clock, window: 500 })));
  t.deepEqual(outputs, [...range(10_000)]);
  t.true(seen[0]! <= 500, `read ${seen[0]} inputs behind a slow head`);
});

test('a consumer that takes nothing stops reading', async (t) => {
  let read = 0;
  function* source(): Generator<number> {
    for (;;) yield read++;
  }
  const outputs = pump(source(), [double()], { window: 300 });
  t.is((await outputs.next()).value, 0);
  for (let turn = 0; turn < 50; turn++) await setImmediate();
  t.true(read <= 301, `read ${read}`);
  await outputs.return();
});

test('large outputs that nobody takes stop sending', async (t) => {
  const lane = mapping<number, Float32Array>('a', () => new Float32Array(1000), 1);
  const options = { windowBytes: 10_000, initialBatchSize: 1, maxBatchSize: 1, window: 1000 };
  const outputs = pump(range(1000), [lane], { ...options, ordered: false });
  await outputs.next();
  for (let turn = 0; turn < 50; turn++) await setImmediate();
  t.true(lane.batches.length < 10);
  let count = 1;
  for await (const _ of outputs) count++;
  t.is(count, 1000);
});

test('batches are bounded by estimated bytes, but hold one input at least', async (t) => {
  const lane = mapping<Uint8Array, number>('a', (bytes) => bytes.length);
  const inputs = Array.from({ length: 20 }, () => new Uint8Array(1000));
  await Array.fromAsync(pump(inputs, [lane], { maxBatchBytes: 3500 }));
  t.true(lane.batches.every(({ inputs }) => inputs.length <= 3));
  const tiny = mapping<Uint8Array, number>('a', (bytes) => bytes.length);
  await Array.fromAsync(pump(inputs, [tiny], { maxBatchBytes: 1 }));
  t.true(tiny.batches.every(({ inputs }) => inputs.length === 1));
});

test('inputs of a slow source leave after the linger, though the batch is not full', async (t) => {
  const clock = new FakeClock();
  async function* source(): AsyncGenerator<number> {
    for (let input = 0; input < 3; input++) {
      yield input;
      await clock.sleep(1000);
    }
  }
  const lane = double();
  const outputs = await clock.run(Array.fromAsync(pump(source(), [lane], { clock, linger: 5 })));
  t.deepEqual(outputs, [0, 2, 4]);
  t.deepEqual(
    lane.batches.map(({ inputs }) => inputs),
    [[0], [1], [2]],
  );
});

test('asynchronous inputs that come at once are sent in full batches', async (t) => {
  async function* source(): AsyncGenerator<number> {
    yield* range(64);
  }
  const lane = double();
  await Array.fromAsync(pump(source(), [lane], { maxBatchSize: 16 }));
  t.deepEqual(
    lane.batches.map(({ inputs }) => inputs.length),
    [16, 16, 16, 16],
  );
});

const failing = (bad: number, name = 'a'): RecordedLane<number, number> =>
  laneOf(name, async function* (batch) {
    for (const [index, input] of batch.inputs.entries()) {
      const details = { stack: 'Error: odd\n    at handler' };
      if (input === bad) {
        yield { index, error: { code: 'FUNCTION_FAILED', message: 'no luck', details } };
      } else yield { first: index, outputs: [input] };
    }
  });

test('the first failure ends the map with an InputError and cancels the lanes', async (t) => {
  const lane = failing(20);
  let closed = false;
  function* source(): Generator<number> {
    try {
      yield* range(1_000_000);
    } finally {
      closed = true;
    }
  }
  const error = await t.throwsAsync(Array.fromAsync(pump(source(), [lane])), { instanceOf: InputError });
  t.like(error, { index: 20, attempts: 1, node: 'a', code: 'FUNCTION_FAILED', input: '20' });
  t.is(error.remoteStack, 'Error: odd\n    at handler');
  t.regex(error.message, /Input 20 \(20\) failed on a: no luck/);
  t.is(lane.cancelled, 1);
  t.true(closed);
});

test('with returnErrors a failure stands in the place of its output', async (t) => {
  const outputs = await Array.fromAsync(pump(range(40), [failing(20)], { returnErrors: true }));
  t.is(outputs.length, 40);
  t.true(outputs[20] instanceof InputError);
  t.deepEqual(outputs.toSpliced(20, 1), [...range(20), ...range(21, 40)]);
});

test('a failed input is tried again as its policy grants, and its batch-mates are not', async (t) => {
  const clock = new FakeClock();
  let tries = 0;
  const lane = laneOf<number, number>('a', async function* (batch) {
    for (const [index, input] of batch.inputs.entries()) {
      if (input === 7 && ++tries < 3) yield { index, error: { code: 'FUNCTION_FAILED', message: '' } };
      else yield { first: index, outputs: [input] };
    }
  });
  const retries = { maxRetries: 2, initialDelay: 1000, backoffCoefficient: 3, jitter: 0 };
  const outputs = await clock.run(Array.fromAsync(pump(range(10), [lane], { clock, retries, ...still })));
  t.deepEqual(outputs, [...range(10)]);
  t.deepEqual(
    lane.batches.slice(1).map(({ inputs }) => inputs),
    [[7], [7]],
  );
  t.is(clock.now(), 4000);
});

test('retries end, and the error counts the attempts', async (t) => {
  const clock = new FakeClock();
  const outputs = pump(range(10), [failing(3)], { clock, retries: { maxRetries: 2 } });
  t.like(await t.throwsAsync(clock.run(Array.fromAsync(outputs))), { index: 3, attempts: 3 });
});

test('a batch that fails as a whole is halved until the input at fault is alone', async (t) => {
  const lane = laneOf<number, number>('a', async function* (batch) {
    if (batch.inputs.includes(11)) throw new BatchError({ code: 'FUNCTION_FAILED', message: 'poison' });
    yield { first: 0, outputs: batch.inputs };
  });
  const outputs = await Array.fromAsync(pump(range(64), [lane], { returnErrors: true }));
  t.like(outputs[11], { name: 'InputError', index: 11, message: 'Input 11 (11) failed on a: poison' });
  t.deepEqual(outputs.toSpliced(11, 1), [...range(11), ...range(12, 64)]);
});

const lost = (): ShardError => new ShardError('LANE_LOST', 'gone');

test('a lane of one batch at a time runs inputs in their order, however batches are halved and lost', async (t) => {
  const clock = new FakeClock();
  const ran: number[] = [];
  let turn = 0;
  const lane = laneOf<number, number>(
    'a',
    async function* (batch) {
      // The first inputs are the heavy ones, so that the halves they stand in are halved again.
      const weight = batch.inputs.reduce((sum, input) => sum + (input < 4 ? 10 : 1), 0);
      if (weight > 10) throw new BatchError({ code: 'BODY_TOO_LARGE', message: 'too large' });
      if (turn++ === 1) throw lost();
      ran.push(...batch.inputs);
      yield { first: 0, outputs: batch.inputs };
    },
    1,
  );
  await clock.run(Array.fromAsync(pump(range(16), [lane], { clock, initialBatchSize: 8, ...still })));
  t.deepEqual(ran, [...range(16)]);
});

test('what a lost lane left unanswered goes to another lane, and no more', async (t) => {
  const clock = new FakeClock();
  const a = laneOf<number, number>(
    'a',
    async function* (batch) {
      yield { first: 0, outputs: batch.inputs.slice(0, 3) };
      throw lost();
    },
    1,
  );
  const b = double('b');
  const outputs = await clock.run(Array.fromAsync(pump(range(8), [a, b], { clock, initialBatchSize: 8 })));
  t.deepEqual(outputs, [0, 1, 2, 6, 8, 10, 12, 14]);
  t.deepEqual(b.batches, [{ number: 0, attempt: 1, indices: [3, 4, 5, 6, 7], inputs: [3, 4, 5, 6, 7] }]);
});

test('a lane that failed is left alone for longer each time', async (t) => {
  const clock = new FakeClock();
  const sent: number[] = [];
  const lane = laneOf<number, number>('a', async function* (batch) {
    sent.push(clock.now());
    if (sent.length <= 4) throw lost();
    yield { first: 0, outputs: batch.inputs };
  });
  await clock.run(Array.fromAsync(pump([1], [lane], { clock, ...still })));
  t.deepEqual(sent, [0, 250, 750, 1750, 3750]);
});

test('a timer that fires a little early does not leave a lane aside for ever', async (t) => {
  const clock = new FakeClock(0.4);
  let turn = 0;
  const lane = laneOf<number, number>('a', async function* (batch) {
    if (turn++ < 3) throw lost();
    yield { first: 0, outputs: batch.inputs };
  });
  t.deepEqual(await clock.run(Array.fromAsync(pump([1], [lane], { clock }))), [1]);
});

test('when no lane can be made to answer the map ends and says what each said', async (t) => {
  const clock = new FakeClock();
  const dead = (name: string) =>
    // oxlint-disable-next-line require-yield
    laneOf<number, number>(name, async function* () {
      throw new ShardError('LANE_LOST', 'refused');
    });
  const outputs = pump(range(10), [dead('a'), dead('b')], { clock });
  await t.throwsAsync(clock.run(Array.fromAsync(outputs)), {
    code: 'LANES_EXHAUSTED',
    message: /a: refused; b: refused/,
  });
  t.is(clock.pending, 0);
});

test('inputs that are tried again are sent in their order, in whatever order they failed', async (t) => {
  const clock = new FakeClock();
  const lane = laneOf<number, number>('a', async function* ({ inputs, failures }) {
    if (failures) yield { first: 0, outputs: inputs };
    else for (const index of [...inputs.keys()].reverse()) yield { index, error: { code: 'X', message: 'odd' } };
  });
  const retries = { maxRetries: 1 };
  t.deepEqual(await clock.run(Array.fromAsync(pump(range(100), [lane], { clock, retries }))), [...range(100)]);
  const sent = lane.batches.map(({ indices }) => indices);
  t.deepEqual(
    sent,
    sent.map((indices) => indices.toSorted((a, b) => a - b)),
  );
});

test('what no lane can make ready from the start is given up within seconds; later on it is waited for', async (t) => {
  const clock = new FakeClock();
  let answered = 0;
  const lane = (answers: number) => ({
    ...laneOf<number, number>('a', async function* (batch) {
      if (answered++ >= answers) throw new ShardError('LANE_LOST', 'no weights', { reached: false, unready: true });
      yield { first: 0, outputs: batch.inputs };
    }),
    // It is up all the time.
    check: async () => {},
  });
  const run = (answers: number) => {
    answered = 0;
    return clock.run(Array.fromAsync(pump(range(100), [lane(answers)], { clock, ...still })));
  };
  const began = clock.now();
  await t.throwsAsync(run(0), { code: 'LANES_EXHAUSTED', message: /no weights/ });
  const first = clock.now() - began;
  t.is(first, 250 + 500 + 1000);
  await t.throwsAsync(run(1), { code: 'LANES_EXHAUSTED', message: /no weights/ });
  t.true(clock.now() - began - first > 30_000);
});

/** A lane that can never run the function, and says so. */
const unfit = (name: string): RecordedLane<number, number> =>
  // oxlint-disable-next-line require-yield
  laneOf<number, number>(name, async function* () {
    throw new ShardError('LANE_LOST', 'refused', { reached: false, unfit: new RangeError(`${name} has no GPU`) });
  });

test('a lane that can not run the function is asked once, and others run all of it', async (t) => {
  const clock = new FakeClock();
  const [bad, good] = [unfit('a'), double('b')];
  const outputs = await clock.run(Array.fromAsync(pump(range(100), [bad, good], { clock })));
  t.deepEqual(outputs, [...range(0, 200, 2)]);
  // Those that were under way together.
  t.true(bad.batches.length <= bad.concurrency);
});

test('when no lane can run the function the map ends at once with why', async (t) => {
  const clock = new FakeClock();
  const lanes = [unfit('a'), unfit('b')];
  await t.throwsAsync(Array.fromAsync(pump(range(10), lanes, { clock })), {
    name: 'RangeError',
    message: /has no GPU/,
  });
  t.true(lanes.every(({ batches, cancelled }) => batches.length > 0 && cancelled === 1));
  t.is(clock.pending, 0);
});

test('where some lanes can not run the function and the others are lost, the map ends as if there were only those', async (t) => {
  const clock = new FakeClock();
  // oxlint-disable-next-line require-yield
  const dead = laneOf<number, number>('b', async function* () {
    throw new ShardError('LANE_LOST', 'gone');
  });
  const outputs = pump(range(10), [unfit('a'), dead], { clock });
  await t.throwsAsync(clock.run(Array.fromAsync(outputs)), { code: 'LANES_EXHAUSTED', message: /a: refused; b: gone/ });
});

test('a busy lane is asked again no sooner than it told, for as long as patience lasts', async (t) => {
  const clock = new FakeClock();
  const sent: number[] = [];
  const lane = laneOf<number, number>('a', async function* (batch) {
    sent.push(clock.now());
    if (sent.length <= 20) throw new ShardError('LANE_BUSY', 'full', { retryAfter: 20_000 });
    yield { first: 0, outputs: batch.inputs };
  });
  const run = (patience: number) => clock.run(Array.fromAsync(pump([1], [lane], { clock, ...still, patience })));
  t.deepEqual(await run(500_000), [1]);
  t.true(sent.every((at, turn) => turn === 0 || at - sent[turn - 1]! >= 20_000));
  sent.length = 0;
  await t.throwsAsync(run(60_000), { code: 'LANES_EXHAUSTED', message: /full/ });
});

test('a lane that answers twice, or too little, is at fault, and each output is yielded once', async (t) => {
  const clock = new FakeClock();
  const twice = laneOf<number, number>('twice', async function* (batch) {
    yield { first: 0, outputs: batch.inputs };
    yield { first: 0, outputs: batch.inputs };
  });
  const little = laneOf<number, number>('little', async function* (batch) {
    yield { first: 1, outputs: batch.inputs.slice(1) };
  });
  const beyond = laneOf<number, number>('beyond', async function* (batch) {
    yield { first: batch.inputs.length, outputs: [1] };
  });
  for (const bad of [twice, little, beyond]) {
    const good = mapping<number, number>('good', (input) => input);
    const outputs = await clock.run(Array.fromAsync(pump(range(500), [bad, good], { clock })));
    t.deepEqual(outputs, [...range(500)], bad.name);
  }
});

test('an error that is neither the work nor the way ends the map as it is', async (t) => {
  const refusal = new TypeError('no such function');
  // oxlint-disable-next-line require-yield
  const lane = laneOf<number, number>('a', async function* () {
    throw refusal;
  });
  t.is(await t.throwsAsync(Array.fromAsync(pump(range(10), [lane]))), refusal);
});

const untilAborted = (): RecordedLane<number, number> & { aborted: number } => {
  // oxlint-disable-next-line require-yield
  const lane = laneOf<number, number>('a', async function* (_, signal) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    counted.aborted++;
    throw signal.reason;
  });
  const counted = Object.assign(lane, { aborted: 0 });
  return counted;
};

test('a source that throws ends the map with its error and cancels', async (t) => {
  const broken = new RangeError('source broke');
  for (const asynchronous of [false, true]) {
    const lane = untilAborted();
    function* now(): Generator<number> {
      yield* range(20);
      throw broken;
    }
    async function* later(): AsyncGenerator<number> {
      yield* now();
    }
    const outputs = pump(asynchronous ? later() : now(), [lane]);
    t.is(await t.throwsAsync(Array.fromAsync(outputs)), broken);
    t.is(lane.cancelled, 1);
    t.is(lane.aborted, lane.batches.length);
  }
});

test('leaving the loop cancels the lanes and closes the source', async (t) => {
  let closed = 0;
  async function* source(): AsyncGenerator<number> {
    try {
      yield* range(1_000_000);
    } finally {
      closed++;
    }
  }
  const lane = double();
  for await (const output of pump(source(), [lane])) if (output === 10) break;
  t.is(lane.cancelled, 1);
  t.is(closed, 1);
});

test('leaving the loop aborts what the lanes are doing', async (t) => {
  let aborted = 0;
  const lane = laneOf<number, number>(
    'a',
    async function* (batch, signal) {
      signal.addEventListener('abort', () => aborted++);
      if (batch.number > 0) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      yield { first: 0, outputs: batch.inputs };
    },
    3,
  );
  for await (const _ of pump(range(1_000_000), [lane])) break;
  t.true(aborted >= 2);
});

test('a signal ends the map with its reason and aborts what the lanes do', async (t) => {
  const controller = new AbortController();
  const lane = untilAborted();
  const result = Array.fromAsync(pump(range(100), [lane], { signal: controller.signal }));
  await setImmediate();
  const reason = new Error('enough');
  controller.abort(reason);
  t.is(await t.throwsAsync(result), reason);
  t.is(lane.aborted, 2);
  t.is(lane.cancelled, 1);
});

test('a signal that was aborted before sends nothing', async (t) => {
  const lane = double();
  const signal = AbortSignal.abort();
  await t.throwsAsync(Array.fromAsync(pump(range(10), [lane], { signal })), { name: 'AbortError' });
  t.is(lane.batches.length, 0);
});

test('a source that never gives another input does not keep the map from ending', async (t) => {
  const controller = new AbortController();
  async function* source(): AsyncGenerator<number> {
    yield 1;
    await new Promise(() => {});
  }
  const options = { signal: controller.signal, linger: 0 };
  const result = (async () => {
    for await (const _ of pump(source(), [double()], options)) controller.abort();
  })();
  await t.throwsAsync(result, { name: 'AbortError' });
});

test('progress counts what is done, failed and sent again', async (t) => {
  const seen: PumpProgress[] = [];
  const options: PumpOptions = { returnErrors: true, onProgress: (progress) => seen.push(progress) };
  await Array.fromAsync(pump(range(100), [failing(3)], options));
  t.deepEqual(seen.at(-1), { done: 99, failed: 1, retried: 0, resent: 0, hedged: 0, lanes: [] });
  t.deepEqual(seen[0]?.lanes, ['a']);
});

test('whatever is wrong with a listener to progress ends the map, and nothing else', async (t) => {
  const rejected: unknown[] = [];
  const onRejection = (reason: unknown): unknown => rejected.push(reason);
  process.on('unhandledRejection', onRejection);
  const broken = new RangeError('no such bar');
  for (const working of [1, 0]) {
    // While a batch runs, and after it.
    const onProgress = ({ lanes }: PumpProgress): void => {
      if (lanes.length === working) throw broken;
    };
    const lane = laneOf<number, number>('a', async function* (batch) {
      yield { first: 0, outputs: batch.inputs };
      await setImmediate();
    });
    // Outputs that are not taken keep the map from being over when its batch is.
    const outputs = pump(range(5), [lane], { onProgress });
    await t.throwsAsync(
      async () => {
        for await (const _ of outputs) await setImmediate();
      },
      { is: broken },
    );
  }
  await setImmediate();
  process.off('unhandledRejection', onRejection);
  t.deepEqual(rejected, []);
});

test('a map over zipped iterables ends with the shortest', async (t) => {
  const lane = mapping<readonly [string, number], string>('a', ([text, id]) => text + id);
  t.deepEqual(await Array.fromAsync(pump(zip(repeat('x'), range(3)), [lane])), ['x0', 'x1', 'x2']);
});

test('a call with one broken rule is refused before anything is read', (t) => {
  const lanes = [double()];
  t.notThrows(() => pump([], lanes, {}));
  const bare = 'a dog' as unknown as number[];
  t.throws(() => pump(bare, lanes), { code: 'INPUT_INVALID', message: /repeat\("a dog"\)/ });
  t.throws(() => pump(5 as unknown as number[], lanes), { code: 'INPUT_INVALID', message: /got number/ });
  t.throws(() => pump([], []), { code: 'OPTION_INVALID', message: /at least one lane/ });
  const broken: Record<string, unknown>[] = [
    { ordred: true },
    { ordered: 1 },
    { window: 0 },
    { window: 1.5 },
    { batchMilliseconds: 0 },
    { linger: -1 },
    { maxBatchBytes: '5' },
    { retries: { maxRetries: -1 } },
    { retries: { backoffCoefficient: 0.5 } },
    { retries: { jitter: 1.5 } },
    { laneRetries: { retries: 3 } },
  ];
  for (const options of broken) {
    t.throws(() => pump([], lanes, options), { code: 'OPTION_INVALID' }, JSON.stringify(options));
  }
});
