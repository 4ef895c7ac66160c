import test from 'ava';
import { range } from '../../shard/iterables.ts';
import { connect } from '../../sdk/connect.ts';
import type { MapOptions, MapProgress } from '../../sdk/contract.ts';
import { FakeNode, type FakeNodeOptions, type Trouble } from './fixtures/fake-node.ts';

/** Short delays, since these tests run on the real clock. */
const quick = { laneRetries: { initialDelay: 5, maxDelay: 20 } } as const;

async function mapOn<E extends boolean = false>(
  nodes: readonly FakeNode[],
  inputs: Iterable<unknown>,
  options: MapOptions<E> = {},
  // Only where silence is what is tested: on a machine that is busy, a second without an answer means nothing.
  patience: { readonly silence?: number } = {},
): Promise<unknown[]> {
  await using connection = await connect({ nodes: nodes.map(({ url }) => url), ...patience });
  // Awaited here, or the connection would close under the map.
  return await Array.fromAsync(connection.function('double').map(inputs, { ...quick, ...options }));
}

const doubled = (count: number): number[] => [...range(0, count * 2, 2)];

test('a map over two nodes yields each output once and in order, and uses both', async (t) => {
  await using a = await FakeNode.start();
  await using b = await FakeNode.start();
  t.deepEqual(await mapOn([a, b], range(2000), { maxBatchSize: 50 }), doubled(2000));
  t.true(a.heads.length > 0 && b.heads.length > 0);
  const [first] = a.heads;
  t.true([...a.heads, ...b.heads].every(({ call }) => call === first!.call));
  const batches = [...a.heads, ...b.heads].map(({ batch }) => batch);
  t.is(new Set(batches).size, batches.length);
  t.deepEqual([...a.cancelled, ...b.cancelled], []);
});

const troubled = test.macro({
  title: (_, what: string) => `${what} costs no output and repeats none`,
  async exec(t, _what: string, trouble: Trouble, alone: boolean) {
    // The first three batches meet trouble; a node that is alone must get over it by itself.
    const options: FakeNodeOptions = { trouble: (_head, turn) => (turn < 3 ? trouble : undefined) };
    await using a = await FakeNode.start(options);
    await using b = await FakeNode.start();
    const nodes = alone ? [a] : [a, b];
    const patience = trouble.kind === 'hang' ? { silence: 1000 } : {};
    t.deepEqual(await mapOn(nodes, range(300), { maxBatchSize: 20 }, patience), doubled(300));
    t.true(a.heads.length > 0);
  },
});

for (const alone of [false, true]) {
  const where = alone ? ' on the only node' : '';
  test(`cut early${where}`, troubled, `a connection cut mid-frame${where}`, { kind: 'cut', share: 0.03 }, alone);
  test(`cut late${where}`, troubled, `a connection cut late${where}`, { kind: 'cut', share: 0.9 }, alone);
  test(`short${where}`, troubled, `a body without an end${where}`, { kind: 'short' }, alone);
  test(`garbage${where}`, troubled, `a body of garbage${where}`, { kind: 'garbage' }, alone);
  test(`hang${where}`, troubled, `a node that falls silent${where}`, { kind: 'hang' }, alone);
  test(`proxy${where}`, troubled, `a proxy's error page${where}`, { kind: 'page', status: 502 }, alone);
  test(
    `503${where}`,
    troubled,
    `a node that is draining${where}`,
    { kind: 'status', status: 503, code: 'NODE_DRAINING' },
    alone,
  );
  test(
    `429${where}`,
    troubled,
    `an overloaded node${where}`,
    { kind: 'status', status: 429, code: 'OVERLOADED', retryAfter: 0.01 },
    alone,
  );
  test(
    `504${where}`,
    troubled,
    `a batch that timed out${where}`,
    { kind: 'status', status: 504, code: 'BATCH_TIMEOUT' },
    alone,
  );
  test(
    `crash${where}`,
    troubled,
    `a device that was lost mid-batch${where}`,
    { kind: 'error', code: 'DEVICE_LOST' },
    alone,
  );
}

test('what came before a cut is kept, and only the rest is sent again', async (t) => {
  await using a = await FakeNode.start({
    trouble: (_, turn) => (turn === 0 ? { kind: 'cut', share: 0.5 } : undefined),
  });
  t.deepEqual(await mapOn([a], range(16)), doubled(16));
  const [first, second] = a.inputs;
  t.is(first!.length, 16);
  t.true(second!.length < 16 && second!.length > 0);
  t.deepEqual(second, first!.slice(16 - second!.length));
  t.like(a.heads[1], { batch: 0, attempt: 1, count: second!.length });
});

test('a node that is killed mid-map costs no output and repeats none', async (t) => {
  await using a = await FakeNode.start();
  await using b = await FakeNode.start();
  await using connection = await connect({ nodes: [a.url, b.url] });
  const outputs: unknown[] = [];
  for await (const output of connection.function('double').map(range(3000), { ...quick, maxBatchSize: 10 })) {
    if (outputs.push(output) === 500) await a.kill();
  }
  t.deepEqual(outputs, doubled(3000));
});

test('when all nodes are gone the map ends, and says what happened to each', async (t) => {
  await using a = await FakeNode.start();
  await using connection = await connect({ nodes: [a.url] });
  await a.kill();
  const outputs = connection.function('double').map(range(10), quick);
  await t.throwsAsync(Array.fromAsync(outputs), {
    code: 'LANES_EXHAUSTED',
    message: /127\.0\.0\.1:\d+: can't be reached .* ECONNREFUSED/,
  });
});

const odd = (input: number): number => {
  if (input === 30) throw new RangeError('thirty is odd');
  return input * 2;
};

test('the first failure rejects with its index and remote stack, and cancels on the nodes', async (t) => {
  await using a = await FakeNode.start({ apply: odd });
  const error = await t.throwsAsync(mapOn([a], range(1_000_000)), { name: 'InputError' });
  t.like(error, { index: 30, input: '30', code: 'FUNCTION_FAILED', attempts: 1, node: a.url });
  t.regex((error as { remoteStack?: string }).remoteStack ?? '', /RangeError: thirty is odd\n\s+at/);
  t.deepEqual(a.cancelled, [a.heads[0]!.call]);
});

test('with returnErrors the failure stands in its place', async (t) => {
  await using a = await FakeNode.start({ apply: odd });
  const outputs = await mapOn([a], range(100), { returnErrors: true });
  t.like(outputs[30], { name: 'InputError', index: 30 });
  t.deepEqual(outputs.toSpliced(30, 1), doubled(100).toSpliced(30, 1));
});

test('a batch refused for its size is halved until it is taken', async (t) => {
  await using a = await FakeNode.start({
    trouble: ({ count }) => (count > 3 ? { kind: 'status', status: 413, code: 'BODY_TOO_LARGE' } : undefined),
  });
  t.deepEqual(await mapOn([a], range(40)), doubled(40));
});

test('an input that can not travel fails alone, where it is', async (t) => {
  await using a = await FakeNode.start({ apply: (input: unknown) => input });
  const outputs = await mapOn([a], [1, () => 2, 3], { returnErrors: true });
  t.like(outputs[1], { name: 'InputError', index: 1, code: 'INPUT_INVALID' });
  t.deepEqual([outputs[0], outputs[2]], [1, 3]);
});

test('a refusal that nothing would change ends the map at once', async (t) => {
  for (const [status, code] of [
    [404, 'FUNCTION_NOT_FOUND'],
    [401, 'TOKEN_INVALID'],
    [400, 'OPTION_INVALID'],
  ] as const) {
    await using a = await FakeNode.start({ trouble: () => ({ kind: 'status', status, code }) });
    const error = await t.throwsAsync(mapOn([a], range(100)), { name: 'NodeError', code });
    t.like(error, { node: a.url });
    t.true(a.heads.length <= 4);
  }
});

test('leaving the loop closes what is in flight and cancels the call', async (t) => {
  await using a = await FakeNode.start({
    trouble: (_, turn) => (turn > 2 ? { kind: 'hang' } : undefined),
  });
  await using connection = await connect({ nodes: [a.url] });
  for await (const _ of connection.function('double').map(range(1_000_000))) break;
  t.deepEqual(a.cancelled, [a.heads[0]!.call]);
});

test('a signal, and closing the connection, end a map that hangs', async (t) => {
  await using a = await FakeNode.start({ trouble: () => ({ kind: 'hang' }) });
  await using connection = await connect({ nodes: [a.url] });
  const controller = new AbortController();
  const started = (signal?: AbortSignal) =>
    Array.fromAsync(connection.function('double').map(range(10), signal ? { signal } : {}));
  const first = started(controller.signal);
  const second = started();
  controller.abort();
  await t.throwsAsync(first, { name: 'AbortError' });
  const ended = t.throwsAsync(second, { name: 'SdkError', code: 'DISPOSED' });
  await connection[Symbol.asyncDispose]();
  await ended;
  t.throws(() => connection.function('double').map([]), { code: 'DISPOSED' });
});

test('batches of all maps together keep to the concurrency of a node', async (t) => {
  await using a = await FakeNode.start({ trouble: () => ({ kind: 'hang' }) });
  await using connection = await connect({ nodes: [a.url], concurrency: 2, silence: 1000 });
  const options = { laneRetries: { maxRetries: 0 } };
  const map = () => Array.fromAsync(connection.function('double').map(range(200), options));
  await Promise.allSettled([map(), map(), map()]);
  t.is(a.mostInFlight, 2);
  t.true(a.heads.length > 2);
});

test('progress ends with the counts of the whole map', async (t) => {
  await using a = await FakeNode.start({ apply: odd });
  const seen: object[] = [];
  await mapOn([a], [...range(100)], { returnErrors: true, onProgress: (progress) => seen.push(progress) });
  t.like(seen.at(-1), { done: 99, failed: 1, retried: 0, total: 100, etaSeconds: 0 });
});

test('a batch that hangs on one node is answered by another, and stopped where it hung', async (t) => {
  await using slow = await FakeNode.start({ trouble: (_, turn) => (turn === 0 ? { kind: 'hang' } : undefined) });
  await using quick = await FakeNode.start();
  const seen: MapProgress[] = [];
  const hedge = { minDelay: 20 };
  const onProgress = (progress: MapProgress): unknown => seen.push(progress);
  t.deepEqual(await mapOn([slow, quick], range(200), { maxBatchSize: 20, hedge, onProgress }), doubled(200));
  t.true(seen.at(-1)!.hedged > 0);
  t.is(seen.at(-1)!.resent, 0);
  const [hung] = slow.heads;
  t.true(quick.heads.some(({ batch, attempt }) => batch === hung!.batch && attempt === 1));
});

test('an upsert is never sent twice for being late', async (t) => {
  await using a = await FakeNode.start();
  await using connection = await connect({ nodes: [a.url] });
  const options = { hedge: true } as object;
  const upserted = connection.collection('a').upsert([{ id: 1, text: 'a' }], options);
  await t.throwsAsync(upserted, { code: 'OPTION_INVALID', message: /no option hedge/ });
});
