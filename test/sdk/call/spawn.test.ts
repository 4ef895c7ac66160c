import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { range } from '../../../shard/iterables.ts';
import { connect } from '../../../sdk/connect.ts';
import type { Connection } from '../../../sdk/connection.ts';
import { FakeCallNode, FakeStore, type Trouble } from '../fixtures/fake-call-node.ts';

const double = (warp: Connection) => warp.function<[number], number>('app', 'double');
const twice = (input: number): number => input * 2;

test('spawn stores one input, and get gives its output', async (t) => {
  await using node = await FakeCallNode.start();
  await using warp = await connect({ nodes: [node.url] });
  const call = await double(warp).spawn(21);
  node.store.run(call.id, twice);
  t.is(await call.get(), 42);
  t.like(node.store.calls.get(call.id)!.start, { function: 'app/double', single: true, options: { spread: true } });
});

test('spawnMap cuts inputs into chunks of 32 that grow to 1,024', async (t) => {
  await using node = await FakeCallNode.start();
  await using warp = await connect({ nodes: [node.url] });
  const call = await double(warp).spawnMap(range(5000));
  const chunks = [...node.store.calls.get(call.id)!.chunks.values()].toSorted((a, b) => a.index - b.index);
  t.deepEqual(
    chunks.map(({ count }) => count),
    [32, 64, 128, 256, 512, 1024, 1024, 1024, 936],
  );
  t.deepEqual(
    chunks.map(({ first }) => first),
    [0, 32, 96, 224, 480, 992, 2016, 3040, 4064],
  );
});

test('large inputs make chunks of about a mebibyte, and no more than four requests are on their way', async (t) => {
  await using node = await FakeCallNode.start();
  await using warp = await connect({ nodes: [node.url] });
  let read = 0;
  let ahead = 0;
  let stored = 0;
  node.gate = async () => {
    await sleep(1);
    ahead = Math.max(ahead, read - stored);
    stored = [...node.store.calls.values()][0]!.chunks.size;
  };
  const inputs = (function* () {
    for (read = 0; read < 60; read++) yield new Uint8Array(900_000);
  })();
  const call = await warp.function<[Uint8Array], number>('app', 'double').spawnMap(inputs);
  t.is(node.store.calls.get(call.id)!.chunks.size, 60);
  t.true(node.mostInFlight <= 4, `${node.mostInFlight} in flight`);
  t.true(ahead <= 16, `${ahead} inputs were read ahead`);
});

test('inputs of a slow source leave before their chunk is full', async (t) => {
  await using node = await FakeCallNode.start();
  await using warp = await connect({ nodes: [node.url] });
  const gate = Promise.withResolvers<void>();
  const inputs = (async function* () {
    yield 1;
    await gate.promise;
    yield 2;
  })();
  const spawning = double(warp).spawnMap(inputs);
  while (node.appended.length === 0) await sleep(5);
  gate.resolve();
  const call = await spawning;
  t.is(node.store.calls.get(call.id)!.chunks.size, 2);
});

test('an empty spawnMap is sealed with nothing in it', async (t) => {
  await using node = await FakeCallNode.start();
  await using warp = await connect({ nodes: [node.url] });
  const call = await double(warp).spawnMap([]);
  node.store.run(call.id, twice);
  t.deepEqual(await call.get(), []);
});

const CUT: Trouble = { kind: 'cut', after: false };
const UNHEARD: Trouble = { kind: 'cut', after: true };
const BUSY: Trouble = { kind: 'status', status: 429, code: 'OVERLOADED', retryAfter: 0 };
const STORELESS: Trouble = { kind: 'status', status: 503, code: 'STORE_UNAVAILABLE' };
for (const [what, trouble] of Object.entries({
  'is cut': CUT,
  'is answered unheard': UNHEARD,
  'finds the node overloaded': BUSY,
  'finds the store away': STORELESS,
})) {
  test(`each request that ${what} is sent again, and stores nothing twice`, async (t) => {
    await using node = await FakeCallNode.start();
    await using warp = await connect({ nodes: [node.url] });
    const seen = new Set<string>();
    node.trouble = (request) => {
      const kind = request.replace(/\/[0-9a-f-]{36}/, '');
      if (seen.has(kind)) return undefined;
      seen.add(kind);
      return trouble;
    };
    const call = await double(warp).spawnMap(range(3000));
    node.store.run(call.id, twice);
    t.deepEqual(await call.get(), Array.from(range(0, 6000, 2)));
    t.is(node.store.calls.size, 1);
  });
}

test('a node that is killed amid the upload is left for another', async (t) => {
  const store = new FakeStore();
  await using first = await FakeCallNode.start(store);
  await using second = await FakeCallNode.start(store);
  await using warp = await connect({ nodes: [first.url, second.url] });
  const inputs = (async function* () {
    for (const input of range(20_000)) {
      if (input === 10_000) await (first.appended.length > 0 ? first : second).kill();
      yield input;
    }
  })();
  const call = await double(warp).spawnMap(inputs);
  store.run(call.id, twice);
  t.is((await call.get()).length, 20_000);
});

test('what the inputs throw is thrown, and the call is cancelled', async (t) => {
  await using node = await FakeCallNode.start();
  await using warp = await connect({ nodes: [node.url] });
  const inputs = (function* () {
    yield* range(100);
    throw new RangeError('no more');
  })();
  await t.throwsAsync(double(warp).spawnMap(inputs), { instanceOf: RangeError, message: 'no more' });
  t.deepEqual(
    [...node.store.calls.values()].map(({ state }) => state),
    ['cancelled'],
  );
});

test('an input that can not travel is told by its position', async (t) => {
  await using node = await FakeCallNode.start();
  await using warp = await connect({ nodes: [node.url] });
  const inputs = [...range(50), () => 1] as number[];
  const error = await t.throwsAsync(double(warp).spawnMap(inputs), { code: 'INPUT_INVALID' });
  t.regex(error.message, /^Input 50 can't travel/);
});

test('a signal ends the upload with its reason, closes the inputs, and cancels the call', async (t) => {
  await using node = await FakeCallNode.start();
  await using warp = await connect({ nodes: [node.url] });
  const stop = new AbortController();
  let closed = false;
  const inputs = (async function* () {
    try {
      for (const input of range(Infinity)) {
        if (input === 5000) stop.abort(new RangeError('enough'));
        yield input;
      }
    } finally {
      closed = true;
    }
  })();
  await t.throwsAsync(double(warp).spawnMap(inputs, { signal: stop.signal }), { message: 'enough' });
  t.true(closed);
  t.deepEqual(
    [...node.store.calls.values()].map(({ state }) => state),
    ['cancelled'],
  );
});

test('spawnMap with the key of an upload that broke off goes on with it, and cuts the same chunks', async (t) => {
  await using node = await FakeCallNode.start();
  await using warp = await connect({ nodes: [node.url] });
  const broken = (async function* () {
    for (const input of range(3000)) {
      if (input === 2500) throw new RangeError('torn');
      if (input % 100 === 0) await sleep(1);
      yield input;
    }
  })();
  await t.throwsAsync(double(warp).spawnMap(broken, { key: 'nightly' }), { message: 'torn' });
  const call = await double(warp).spawnMap(range(3000), { key: 'nightly' });
  t.is(node.store.calls.size, 1);
  node.store.run(call.id, twice);
  t.deepEqual(await call.get(), Array.from(range(0, 6000, 2)));
});

test('spawn and spawnMap with the key of a whole call find it, and read no inputs', async (t) => {
  await using node = await FakeCallNode.start();
  await using warp = await connect({ nodes: [node.url] });
  const first = await double(warp).spawnMap(range(10), { key: 'once' });
  let read = 0;
  const inputs = (function* () {
    read++;
    yield 1;
  })();
  const second = await double(warp).spawnMap(inputs, { key: 'once' });
  t.is(second.id, first.id);
  t.is(read, 0);
  const keyed = warp.function<[number], number>('app', 'double', { key: 'single' });
  t.is((await keyed.spawn(1)).id, (await keyed.spawn(1)).id);
});

test('nodes of different stores are refused, with the mend', async (t) => {
  await using first = await FakeCallNode.start(new FakeStore('one'));
  await using second = await FakeCallNode.start(new FakeStore('two'));
  await using warp = await connect({ nodes: [first.url, second.url] });
  const error = await t.throwsAsync(double(warp).spawn(1), { code: 'STORES_DIFFER' });
  t.regex(error.message, /--store/);
  t.is(first.store.calls.size + second.store.calls.size, 0);
});

test('a node that does not answer holds up no other for long, nor again', async (t) => {
  const store = new FakeStore();
  await using first = await FakeCallNode.start(store);
  await using second = await FakeCallNode.start(store);
  await using warp = await connect({ nodes: [first.url, second.url] });
  const hung = Promise.withResolvers<void>();
  first.hang = hung.promise;
  for (let turn = 0; turn < 3; turn++) await double(warp).spawn(turn);
  t.is(second.store.calls.size, 3);
  // Only the first asked it.
  t.is(first.hanging, 1);
  hung.resolve();
});

test('a store that stays away is told as what the node says', async (t) => {
  await using node = await FakeCallNode.start();
  await using warp = await connect({ nodes: [node.url] });
  node.trouble = () => STORELESS;
  await t.throwsAsync(double(warp).spawn(1), { code: 'STORE_UNAVAILABLE' });
});

test('what a node refuses for good is thrown at once', async (t) => {
  await using node = await FakeCallNode.start();
  await using warp = await connect({ nodes: [node.url] });
  node.trouble = () => ({ kind: 'status', status: 404, code: 'FUNCTION_NOT_FOUND' });
  await t.throwsAsync(double(warp).spawn(1), { code: 'FUNCTION_NOT_FOUND' });
  t.is(node.requests.length, 1);
});

test('progress tells how many inputs are durable, and all of them at the end', async (t) => {
  await using node = await FakeCallNode.start();
  await using warp = await connect({ nodes: [node.url] });
  const told: unknown[] = [];
  await double(warp).spawnMap([...range(3000)], { onProgress: (progress) => told.push(progress) });
  t.like(told.at(-1), { uploaded: 3000, total: 3000 });
});

test('options that do not exist, or are out of their domain, are refused before anything is begun', async (t) => {
  await using node = await FakeCallNode.start();
  await using warp = await connect({ nodes: [node.url] });
  for (const options of [{ chunkSize: 0 }, { chunkSize: 1025 }, { key: '' }, { ordered: true }, { total: -1 }]) {
    await t.throwsAsync(double(warp).spawnMap([1], options as object), { code: 'OPTION_INVALID' });
  }
  t.throws(() => warp.function('app', 'double', { version: 0 }), { code: 'OPTION_INVALID' });
  t.deepEqual(node.requests, []);
});
