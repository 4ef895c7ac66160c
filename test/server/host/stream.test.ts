import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { request } from 'undici';
import * as generators from './apps/generators.ts';
import { appPath, type House, openHouse } from './harness.ts';

const test = anyTest as TestFn<House>;
const opened = openHouse({ app: appPath('generators') });
test.beforeEach(async (t) => {
  t.timeout(60_000);
  t.context = await opened;
});
test.after.always(async () => (await opened)[Symbol.asyncDispose]());

test.serial('a generator yields on a node what it yields here', async (t) => {
  const { warp } = t.context;
  const counted = await Array.fromAsync(warp.function(generators.countTo).remoteGen(1_000));
  t.deepEqual(
    counted,
    Array.from({ length: 1_000 }, (_, value) => value),
  );
  t.deepEqual(await Array.fromAsync(generators.countTo.local(1_000)), counted);
  t.deepEqual(await Array.fromAsync(warp.function(generators.countTo).remoteGen(0)), []);
});

test.serial('a map of a generator gathers what it yields, an array for each input', async (t) => {
  t.deepEqual(await Array.fromAsync(t.context.warp.function(generators.countTo).map([2, 0, 1])), [[0, 1], [], [0]]);
});

test.serial('a slow consumer holds the generator up, and leaving ends it there and then', async (t) => {
  const { warp, journal } = t.context;
  for await (const value of warp.function(generators.endless).remoteGen('slow')) if (value === 3) break;
  const { value } = await journal.first(({ msg, name }) => msg === 'came to' && name === 'slow');
  t.true((value as number) <= 16 + 4, `${String(value)} items were made for 4 that were taken`);
  t.like(await journal.says('slow ended true'), { function: 'endless', index: 0 });
});

test.serial('a consumer that takes many items is told of by those who let it', async (t) => {
  let sum = 0;
  for await (const value of t.context.warp.function(generators.endless).remoteGen('long')) {
    sum += value;
    if (value === 5_000) break;
  }
  t.is(sum, (5_000 * 5_001) / 2);
  const { value } = await t.context.journal.first(({ msg, name }) => msg === 'came to' && name === 'long');
  t.true((value as number) <= 5_001 + 16);
});

test.serial('a signal ends a generator, though nothing is asked of it', async (t) => {
  const stop = new AbortController();
  const { warp, journal } = t.context;
  const items = warp.function(generators.endless, { signal: stop.signal }).remoteGen('stopped');
  t.deepEqual(await items.next(), { done: false, value: 0 });
  stop.abort(new Error('enough'));
  await journal.says('stopped ended true');
  await t.throwsAsync(Array.fromAsync(items), { message: 'enough' });
});

test.serial('two generators run in one worker side by side', async (t) => {
  const endless = t.context.warp.function(generators.endless);
  const [one, other] = [endless.remoteGen('one'), endless.remoteGen('other')];
  for (let value = 0; value < 40; value++) {
    t.deepEqual(
      [await one.next(), await other.next()],
      [
        { done: false, value },
        { done: false, value },
      ],
    );
  }
  await one.return();
  await other.return();
});

test.serial('an error after items carries its code and its stack, and is not tried again', async (t) => {
  const taken: unknown[] = [];
  const fails = t.context.warp.function(generators.fails);
  const error = await t.throwsAsync(
    async () => {
      for await (const value of fails.remoteGen(3, 1)) taken.push(value);
    },
    { name: 'InputError', code: 'FUNCTION_FAILED', message: /RangeError: attempt 0 failed/ },
  );
  t.deepEqual(taken, [0, 1, 2]);
  t.regex((error as unknown as { remoteStack: string }).remoteStack, /generators\.ts:\d+/);
});

test.serial('an error before the first item is tried again as often as the function grants', async (t) => {
  const fails = t.context.warp.function(generators.fails);
  t.deepEqual(await Array.fromAsync(fails.remoteGen(0, 2)), ['done']);
  await t.throwsAsync(Array.fromAsync(fails.remoteGen(0, 3)), { name: 'InputError', message: /after 3 attempts/ });
});

test.serial('a worker that dies before the first item is replaced unnoticed, and after it is a loss', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-stream-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const deadly = t.context.warp.function(generators.deadly);
  const file = join(folder, 'once');
  t.deepEqual(await Array.fromAsync(deadly.remoteGen(0, file)), ['alive']);
  t.true(existsSync(file));
  const items = deadly.remoteGen(2, file);
  t.deepEqual([(await items.next()).value, (await items.next()).value], [0, 1]);
  await t.throwsAsync(items.next(), { name: 'ShardError', code: 'STREAM_LOST', message: /not run again/ });
});

test.serial('an item that can not travel fails the generator, after those before it', async (t) => {
  const items = t.context.warp.function(generators.unsendable).remoteGen();
  t.deepEqual(await items.next(), { done: false, value: 1 });
  await t.throwsAsync(items.next(), { name: 'InputError', code: 'FUNCTION_FAILED' });
});

test.serial('large items come whole', async (t) => {
  let count = 0;
  for await (const item of t.context.warp.function(generators.large).remoteGen(40)) {
    t.true(item.length === 2 ** 20 && item[0] === count && item.at(-1) === count);
    count++;
  }
  t.is(count, 40);
});

test.serial('a generator has the context of its run between items too', async (t) => {
  const items = await Array.fromAsync(t.context.warp.function(generators.embeds).remoteGen(['a', 'bc']));
  const { data } = await t.context.warp.embed(['a', 'bc']);
  t.deepEqual(items, [data.slice(0, 8), data.slice(8)]);
});

test.serial('a class may have generators, and their inputs a schema', async (t) => {
  const split = t.context.warp.function(generators.split);
  t.deepEqual(await Array.fromAsync(split.remoteGen(' a b ')), ['a', 'b']);
  await t.throwsAsync(Array.fromAsync(split.remoteGen(3 as never)), { name: 'InputError', code: 'INPUT_INVALID' });
  t.deepEqual(await Array.fromAsync(generators.split.local('a b')), ['a', 'b']);
});

test.serial(
  'a function that gives a generator without being one is refused, and it is said how to declare it',
  async (t) => {
    const undeclared = t.context.warp.function(generators.undeclared);
    await t.throwsAsync(Array.fromAsync(undeclared.remoteGen(3)), { name: 'NodeError', message: /is no generator/ });
    await t.throwsAsync(Array.fromAsync(undeclared.map([3])), { message: /declare it with async function\*/ });
  },
);

test.serial('curl streams a generator as lines, and the connection is what holds it up', async (t) => {
  const ask = async (body: object, query = ''): Promise<{ status: number; text: string }> => {
    const { statusCode, body: answer } = await request(`${t.context.url}/v1/stream${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: statusCode, text: await answer.text() };
  };
  const { text } = await ask({ function: 'generators/countTo', inputs: [40] });
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  t.deepEqual(
    lines.slice(0, 40),
    Array.from({ length: 40 }, (_, index) => ({ index, output: index })),
  );
  t.like(lines[40], { end: { count: 40, failed: 0 } });
  t.like(await ask({ function: 'generators/countTo', inputs: [1, 2] }), { status: 400 });
  t.like(await ask({ function: 'embed', inputs: ['a'] }), { status: 400 });
  t.like(await ask({ function: 'generators/countTo', inputs: [1] }, '?ahead=0'), { status: 400 });
  t.like(await ask({ function: 'generators/countTo', inputs: [1] }, '?ahead=1025'), { status: 400 });
});

test.serial('by its name a generator is called with one input', async (t) => {
  const named = t.context.warp.function<number, number>('generators/countTo');
  t.deepEqual(await Array.fromAsync(named.remoteGen(3)), [0, 1, 2]);
  t.deepEqual(await named.remote(2), [0, 1] as never);
  await named.forEach([1, 2]);
  await t.throwsAsync(named.forEach([1], { ordered: true } as never), { code: 'OPTION_INVALID' });
});
