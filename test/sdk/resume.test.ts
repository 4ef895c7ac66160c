import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { request } from 'undici';
import { builtIns } from '../../core/functions/registry.ts';
import type { HostedFunction } from '../../core/functions/contract.ts';
import { open } from '../../local/open.ts';
import { connect } from '../../sdk/connect.ts';
import type { Connection } from '../../sdk/connection.ts';
import { type Server, startServer } from '../../server/server.ts';
import { InputError } from '../../shard/errors.ts';
import { range } from '../../shard/iterables.ts';
import { ask } from '../server/fixtures/client.ts';
import { MemoryEngine } from '../server/fixtures/engine.ts';
import { counting } from '../server/fixtures/counting.ts';
import { writeTinyModel } from '../fixtures/tinyModel.ts';

const folder = await mkdtemp(join(tmpdir(), 'warpmap-resume-'));
test.after.always(() => rm(folder, { recursive: true }));
let directories = 0;
const directory = (): string => join(folder, String(directories++));

const out = (input: unknown): string => `out ${String(input)}`;

function serve(data: string, hosted: HostedFunction, engine = new MemoryEngine()): Promise<Server> {
  return startServer({ engine, functions: [...builtIns, hosted], data });
}

const mapped = (warp: Connection, inputs: Iterable<unknown>, options = {}): AsyncGenerator<unknown, void, undefined> =>
  warp.function('count').map(inputs, { key: 'nightly', ...options });

async function take(outputs: AsyncGenerator<unknown, void, undefined>, count: number): Promise<unknown[]> {
  const taken: unknown[] = [];
  for await (const output of outputs) if (taken.push(output) === count) break;
  return taken;
}

const expected = (count: number): string[] => Array.from({ length: count }, (_, index) => `out ${index}`);

test('a map that is run again after its node has restarted runs only what is missing', async (t) => {
  const data = directory();
  const first = counting(out);
  {
    await using server = await serve(data, first);
    await using warp = await connect({ nodes: [server.url] });
    // The window keeps the node from being done with all of them before the loop is left.
    t.deepEqual(await take(mapped(warp, range(1000), { window: 400 }), 300), expected(300));
  }
  t.true(first.runs.size >= 300 && first.runs.size < 1000);
  const second = counting(out);
  await using server = await serve(data, second);
  await using warp = await connect({ nodes: [server.url] });
  t.deepEqual(await Array.fromAsync(mapped(warp, range(1000), { maxBatchSize: 37 })), expected(1000));
  t.deepEqual([...first.runs.keys(), ...second.runs.keys()].length, 1000, 'each input is run by one of the two');
  const third = await Array.fromAsync(mapped(warp, range(1200), { ordered: false }));
  t.deepEqual(third.map(String).toSorted(), expected(1200).toSorted(), 'more inputs are no other inputs');
  t.deepEqual([...new Set(second.runs.values())], [1]);
});

test('inputs go to the node that has their outputs, and those of a node that is gone are run again', async (t) => {
  const hosted = [counting(out), counting(out)] as const;
  const data = [directory(), directory()] as const;
  await using one = await serve(data[0], hosted[0]);
  {
    await using other = await serve(data[1], hosted[1]);
    await using warp = await connect({ nodes: [one.url, other.url] });
    const options = { maxBatchSize: 10, hedge: { budget: 0 } };
    t.deepEqual(await Array.fromAsync(mapped(warp, range(2000), options)), expected(2000));
    t.true(hosted[0].runs.size > 0 && hosted[1].runs.size > 0, 'both had work');
    t.deepEqual(await Array.fromAsync(mapped(warp, range(2000), options)), expected(2000));
    t.is(hosted[0].runs.size + hosted[1].runs.size, 2000);
  }
  await using warp = await connect({ nodes: [one.url] });
  t.deepEqual(await Array.fromAsync(mapped(warp, range(2000))), expected(2000));
  t.is(hosted[0].runs.size, 2000);
  t.deepEqual([...new Set(hosted[0].runs.values())], [1]);
});

test('the same key with another input, function or option ends the map with KEY_CONFLICT', async (t) => {
  await using server = await serve(directory(), counting(out));
  await using warp = await connect({ nodes: [server.url] });
  const texts = Array.from({ length: 50 }, (_, index) => `text ${index}`);
  await Array.fromAsync(warp.embed.map(texts, { key: 'k' }));
  const run = (outputs: AsyncGenerator<unknown>) => t.throwsAsync(Array.fromAsync(outputs));
  const input = await run(warp.embed.map(texts.with(41, 'other'), { key: 'k', returnErrors: true }));
  t.like(input, { code: 'KEY_CONFLICT', details: { key: 'k', index: 41 } });
  t.regex(input?.message ?? '', /Input 41 is not the one that was mapped under key "k" before; give this map a key/);
  t.like(await run(warp.embed.map(texts, { key: 'k', dims: 4 })), { code: 'KEY_CONFLICT' });
  t.like(await run(warp.function('count').map(texts, { key: 'k' })), { code: 'KEY_CONFLICT', name: 'NodeError' });
  t.is((await Array.fromAsync(warp.embed.map(texts, { key: 'other', dims: 4 }))).length, 50);
  await warp.forget('k');
  t.is((await Array.fromAsync(warp.function('count').map(texts, { key: 'k' }))).length, 50);
});

test('vectors that come from the journal are bit for bit those that were computed', async (t) => {
  await using server = await serve(directory(), counting(out));
  await using warp = await connect({ nodes: [server.url] });
  const texts = Array.from({ length: 700 }, (_, index) => `text ${index % 90}`);
  const computed = await Array.fromAsync(warp.embed.map(texts, { key: 'k', maxBatchSize: 64 }));
  t.deepEqual(await Array.fromAsync(warp.embed.map(texts, { key: 'k', maxBatchSize: 100 })), computed);
  const metrics = await request(`${server.url}/metrics`).then(({ body }) => body.text());
  t.regex(metrics, /^warpmap_resumed_inputs_total\{function="embed"\} 700$/m);
});

test('failures are not journaled, so that they are tried again', async (t) => {
  let poisonous = true;
  const hosted = counting((input) => {
    if (poisonous && input === 7) throw new TypeError('not now');
    return `out ${String(input)}`;
  });
  await using server = await serve(directory(), hosted);
  await using warp = await connect({ nodes: [server.url] });
  const failed = await Array.fromAsync(mapped(warp, range(20), { returnErrors: true }));
  t.true(failed[7] instanceof InputError);
  t.deepEqual(failed.toSpliced(7, 1), expected(20).toSpliced(7, 1));
  poisonous = false;
  hosted.runs.clear();
  t.deepEqual(await Array.fromAsync(mapped(warp, range(20), { returnErrors: true })), expected(20));
  t.deepEqual([...hosted.runs.keys()], [7]);
});

test('inputs are told apart by their content, whatever they are', async (t) => {
  const inputs = [1, '1', 1.5, true, null, { a: 1 }, { a: 2 }, ['x', 2], new Float32Array([1, 2]), '', 'é'];
  await using server = await serve(
    directory(),
    counting((input) => input),
  );
  await using warp = await connect({ nodes: [server.url] });
  const outputs = await Array.fromAsync(mapped(warp, inputs));
  t.deepEqual(await Array.fromAsync(mapped(warp, inputs)), outputs);
  for (const [index, other] of [
    [0, '1'],
    [5, { a: 2 }],
    [8, new Float32Array([1, 3])],
  ] as const) {
    const error = await t.throwsAsync(Array.fromAsync(mapped(warp, inputs.with(index, other as never))));
    t.like(error, { code: 'KEY_CONFLICT', details: { key: 'nightly', index } });
  }
});

test('a node tells what it has journaled, and forgets it when asked to', async (t) => {
  await using server = await serve(directory(), counting(out));
  await using warp = await connect({ nodes: [server.url] });
  await Array.fromAsync(mapped(warp, range(30)));
  const get = async (path: string): Promise<unknown> => request(`${server.url}${path}`).then(({ body }) => body.json());
  // The map may end before the file has all of it.
  while (((await get('/v1/journals/nightly')) as { ranges: number[] }).ranges.join() !== '0,30');
  const { journals } = (await get('/v1/journals')) as { journals: Record<string, unknown>[] };
  t.like(journals, [{ key: 'nightly', function: 'count', inputs: 30 }]);
  t.deepEqual(Object.keys(journals[0]!), ['key', 'function', 'inputs', 'bytes', 'created', 'used']);
  await warp.forget('nightly');
  t.deepEqual(await get('/v1/journals'), { journals: [] });
  t.deepEqual(await get('/v1/journals/nightly'), { key: 'nightly', ranges: [] });
});

test('a key is refused where nothing can be journaled', async (t) => {
  await using bare = await startServer({ engine: new MemoryEngine() });
  await using warp = await connect({ nodes: [bare.url] });
  const refused = await t.throwsAsync(Array.fromAsync(warp.embed.map(['a'], { key: 'k' })));
  t.like(refused, { code: 'JOURNAL_UNAVAILABLE' });
  t.regex(refused?.message ?? '', /without a data directory; give it a directory with --data/);
  t.throws(() => warp.embed.map(['a'], { key: '' }), { code: 'OPTION_INVALID' });
  await t.throwsAsync(warp.forget('\ud800'), { code: 'OPTION_INVALID', message: /half a character/ });
  t.throws(() => warp.embed.map(['a'], { key: 'x'.repeat(129) }), {
    code: 'OPTION_INVALID',
    message: /got one of 129/,
  });
  await t.throwsAsync(warp.collection('c').upsert([], { key: 'k' } as object), { code: 'OPTION_INVALID' });
  const reply = await ask({
    url: bare.url,
    form: 'json',
    body: JSON.stringify({ function: 'embed', inputs: ['a'], key: 'k', spans: [0, 1] }),
  });
  t.is(reply.code, 'FRAME_INVALID', 'the JSON form has no keys');

  const model = join(folder, 'model');
  await writeTinyModel(model);
  await using local = await open({ model, device: 'cpu' });
  t.throws(() => local.embed.map(['a'], { key: 'k' }), { code: 'OPTION_INVALID', message: /through connect\(\)/ });
  await t.throwsAsync(local.forget('k'), { code: 'OPTION_INVALID' });
});

test('a directory that can not be used is why a map with a key ends, and others go on', async (t) => {
  const file = new URL(import.meta.url).pathname;
  await using server = await serve(join(file, 'nowhere'), counting(out));
  await using warp = await connect({ nodes: [server.url] });
  await t.throwsAsync(Array.fromAsync(mapped(warp, range(3))), { code: 'JOURNAL_UNAVAILABLE', message: /ENOTDIR/ });
  t.deepEqual(await Array.fromAsync(warp.function('count').map(range(3))), expected(3));
});

test('options that are refused leave no trace under the key', async (t) => {
  await using server = await serve(directory(), counting(out));
  await using warp = await connect({ nodes: [server.url] });
  await t.throwsAsync(Array.fromAsync(warp.embed.map(['a'], { key: 'k', dims: 9999 })), { code: 'OPTION_INVALID' });
  t.is((await Array.fromAsync(warp.embed.map(['a'], { key: 'k' }))).length, 1);
});
