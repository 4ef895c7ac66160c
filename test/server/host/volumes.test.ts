import test from 'ava';
import type { Volume } from '../../../sdk/volume/volume.ts';
import { appPath, type House, openHouse } from './harness.ts';
import { app, count, items, large, many, paths, read, unmounted, write } from './apps/volumes.ts';

const open = (): Promise<House> => openHouse({ app: appPath('volumes') });

async function pathsOf(volume: Volume): Promise<string[]> {
  await volume.reload();
  return Array.fromAsync(volume.list(), ({ path }) => path);
}

test('what a handler writes it reads, and others do once it has succeeded', async (t) => {
  await using house = await open();
  const volume = house.warp.volume('files', { createIfMissing: true });
  t.is(await house.warp.function(write).remote('a', 'text', 'return'), 'text');
  t.deepEqual(await pathsOf(volume), ['a', 'a.second']);
  t.is(await volume.text('a.second'), 'text');
  await volume.write('b', 'by the client');
  t.is(await house.warp.function(read).remote('b'), 'by the client');
  t.deepEqual(await house.warp.function(paths).remote(), ['a', 'a.second', 'b']);
  t.deepEqual(await house.warp.function(unmounted).remote(), []);
});

for (const [how, then, left] of [
  ['throws', 'throw', []],
  ['dies', 'kill', []],
  ['throws after a commit of its own', 'commit and throw', ['a', 'a.second']],
] as const) {
  test(`a handler that ${how} leaves ${left.length === 0 ? 'nothing' : 'that commit'}`, async (t) => {
    await using house = await open();
    const volume = house.warp.volume('files', { createIfMissing: true });
    await t.throwsAsync(house.warp.function(write).remote('a', 'text', then));
    t.deepEqual(await pathsOf(volume), left);
    t.is(await house.warp.function(write).remote('b', 'text', 'return'), 'text');
  });
}

test('a handler that nobody waits for any more commits nothing', async (t) => {
  await using house = await open();
  const volume = house.warp.volume('files', { createIfMissing: true });
  const abort = new AbortController();
  const outputs = house.warp.function(write).starmap([['a', 'text', 'wait']], { signal: abort.signal });
  const first = outputs.next();
  await house.journal.says('waiting');
  abort.abort();
  await t.throwsAsync(first);
  t.is(await house.warp.function(write).remote('b', 'text', 'return'), 'text');
  t.deepEqual(await pathsOf(volume), ['b', 'b.second']);
});

test('a batch that fails leaves nothing of its own, and each half that succeeds is there', async (t) => {
  await using house = await open();
  const outputs = house.warp.function(many).map(['1', 'poison', '3', '4'], { returnErrors: true });
  t.deepEqual(
    (await Array.fromAsync(outputs)).map((output) => (typeof output === 'string' ? output : 'failed')),
    ['1', 'failed', '3', '4'],
  );
  t.deepEqual(await pathsOf(house.warp.volume('files')), ['many/1', 'many/3', 'many/4']);
});

test('a generator that ends has committed, one that is left has not', async (t) => {
  await using house = await open();
  const volume = house.warp.volume('files', { createIfMissing: true });
  for await (const _ of house.warp.function(items).remoteGen(1000)) break;
  t.deepEqual(await pathsOf(volume), []);
  t.deepEqual(await Array.fromAsync(house.warp.function(items).remoteGen(3)), [0, 1, 2]);
  t.deepEqual(await pathsOf(volume), ['items/0', 'items/1', 'items/2']);
});

test('functions of a class share its volumes, and runs that follow each other do not conflict', async (t) => {
  await using house = await open();
  for (let runs = 1; runs <= 5; runs++) t.is(await house.warp.function(count).remote(), runs);
  t.is(await house.warp.volume('files').text('count'), '5');
});

test('a large file streams through a handler, whose memory does not grow with it', async (t) => {
  t.timeout(120_000);
  await using house = await open();
  const bytes = 300 * 1024 * 1024;
  const { read: got, grown } = await house.warp.function(large).remote(bytes);
  t.is(got, bytes);
  t.log(`${Math.round(grown / 1024 / 1024)} MiB more`);
  t.true(grown < 200 * 1024 * 1024);
});

test('a volume is declared by names that begin with a slash', (t) => {
  for (const volumes of [{ data: 'files' }, { '/data': '../x' }, 'files', ['files'], null]) {
    t.throws(() => app.function('wrong', { volumes } as never, () => 1), { code: 'OPTION_INVALID' });
  }
});
