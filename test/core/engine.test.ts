import { fc } from '@fast-check/ava';
import anyTest, { type TestFn } from 'ava';
import type { DeviceEngine } from '../../core/engine.ts';
import type { Vectors } from '../../core/contract.ts';
import { openTinyEngine, tinyFolder } from './tinyEngine.ts';

const seed = 20261124;
const test = anyTest as TestFn<{ engine: DeviceEngine; folder: { path: string } & AsyncDisposable }>;

test.before(async (t) => {
  const folder = await tinyFolder();
  t.context = { folder, engine: await openTinyEngine(folder.path) };
});

test.after.always(async (t) => {
  await t.context.engine?.[Symbol.asyncDispose]();
  await t.context.folder?.[Symbol.asyncDispose]();
});

function row({ data, dims }: Vectors, index: number): Float32Array {
  return data.subarray(index * dims, (index + 1) * dims);
}

function cosine(a: Float32Array, b: Float32Array): number {
  let dot = 0;
  let squareA = 0;
  let squareB = 0;
  for (const [i, x] of a.entries()) {
    dot += x * b[i]!;
    squareA += x * x;
    squareB += b[i]! ** 2;
  }
  return dot / Math.sqrt(squareA * squareB);
}

const texts = [
  'the sea',
  'a dog and a cat went down to the river',
  'moon',
  '',
  'the bird took the horse to the world 42 times',
];

test('a text in a batch has the vector that it has alone', async (t) => {
  const together = await t.context.engine.embed(texts);
  for (const [index, text] of texts.entries()) {
    const alone = await t.context.engine.embed([text]);
    t.true(cosine(row(together, index), row(alone, 0)) >= 0.99999);
  }
});

test(`vectors come back in the order of their texts, whatever the batches were (seed ${seed})`, async (t) => {
  const known = new Map<string, Float32Array>();
  for (const text of texts) known.set(text, row(await t.context.engine.embed([text]), 0));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...texts), { maxLength: 200 }), async (many) => {
      const vectors = await t.context.engine.embed(many);
      t.is(vectors.count, many.length);
      for (const [index, text] of many.entries()) t.true(cosine(row(vectors, index), known.get(text)!) >= 0.99999);
    }),
    { seed, numRuns: 20 },
  );
});

test('no texts give no vectors', async (t) => {
  t.deepEqual(await t.context.engine.embed([]), { count: 0, dims: 32, data: new Float32Array(0) });
});

test('truncated vectors are the leading components with norm 1', async (t) => {
  const whole = row(await t.context.engine.embed(['the sea']), 0);
  const short = row(await t.context.engine.embed(['the sea'], { dims: 8 }), 0);
  t.is(short.length, 8);
  t.true(Math.abs(cosine(short, short) - 1) < 1e-6);
  t.true(cosine(whole.subarray(0, 8), short) > 0.999999);
});

test('dims beyond the model, and prompts it does not have, are refused', async (t) => {
  const { engine } = t.context;
  for (const dims of [0, 33, 1.5, Number.NaN]) {
    await t.throwsAsync(engine.embed(['a'], { dims }), { code: 'OPTION_INVALID', message: /from 1 to 32/ });
  }
  await t.throwsAsync(engine.embed(['a'], { prompt: 'query' }), {
    code: 'OPTION_INVALID',
    message: /no prompt named "query"/,
  });
  await t.throwsAsync(engine.embed(['a'], { prompt: 'toString' }), { code: 'OPTION_INVALID' });
});

test('an aborted signal ends the embedding with its reason', async (t) => {
  const { engine } = t.context;
  const reason = new DOMException('enough', 'AbortError');
  const error = await t.throwsAsync(engine.embed(['a'], { signal: AbortSignal.abort(reason) }), { any: true });
  t.is(error, reason);
  const controller = new AbortController();
  const running = engine.embed(
    Array.from({ length: 5000 }, (_, index) => `text ${index}`),
    { signal: controller.signal },
  );
  controller.abort(reason);
  t.is(await t.throwsAsync(running, { any: true }), reason);
  t.is((await engine.embed(['the engine goes on'])).count, 1);
});

test('a text finds itself first among the items of a collection', async (t) => {
  const collection = t.context.engine.collection('self');
  await collection.upsert(texts.map((text, id) => ({ id, text })));
  const best = await collection.topK(texts, { k: 2 });
  t.deepEqual(
    best.map(([first]) => first!.id),
    texts.map((_, id) => id),
  );
  for (const [first] of best) t.true(Math.abs(first!.score - 1) < 1e-5);
});

test('an upsert of a known id replaces its vector and keeps its place', async (t) => {
  const collection = t.context.engine.collection('replace');
  await collection.upsert([
    { id: 'a', text: 'the sea' },
    { id: 'b', text: 'the sea' },
  ]);
  await collection.upsert([{ id: 'a', text: 'moon' }]);
  t.is(collection.size, 2);
  t.is((await collection.topK(['the sea'], { k: 1 }))[0]![0]!.id, 'b');
  await collection.upsert([{ id: 'a', text: 'the sea' }]);
  t.deepEqual(
    (await collection.topK(['the sea'], { k: 5 }))[0]!.map(({ id }) => id),
    ['a', 'b'],
  );
});

test('ties stand in insertion order, and k beyond the size gives all', async (t) => {
  const { engine } = t.context;
  const collection = engine.collection('ties');
  const vector = new Float32Array(32).fill(1);
  await collection.upsert([3, 1, 2].map((id) => ({ id, vector })));
  t.deepEqual(
    (await collection.topK([vector], { k: 10 }))[0]!.map(({ id }) => id),
    [3, 1, 2],
  );
});

test('scores belong to the query and the id at their position', async (t) => {
  const collection = t.context.engine.collection('scores');
  await collection.upsert(texts.map((text, id) => ({ id, text })));
  const queries = ['moon', 'the sea', 'moon'];
  const scores = await collection.score(queries, [2, 0, 0]);
  t.true(Math.abs(scores[0]! - 1) < 1e-5);
  t.true(Math.abs(scores[1]! - 1) < 1e-5);
  const vectors = await t.context.engine.embed(queries);
  t.true(Math.abs(scores[2]! - cosine(row(vectors, 2), row(vectors, 1))) < 1e-5);
});

test('an unknown id, a vector of other dims and an item without either are refused', async (t) => {
  const collection = t.context.engine.collection('refuse');
  await collection.upsert([{ id: 1, text: 'moon' }]);
  await t.throwsAsync(collection.score(['moon'], [2]), { code: 'ID_NOT_FOUND' });
  await t.throwsAsync(collection.score(['moon'], []), { code: 'INPUT_INVALID' });
  await t.throwsAsync(collection.upsert([{ id: 2, vector: new Float32Array(3) }]), { code: 'COLLECTION_MISMATCH' });
  await t.throwsAsync(collection.topK([new Float32Array(3)], { k: 1 }), { code: 'COLLECTION_MISMATCH' });
  await t.throwsAsync(collection.upsert([{ id: 2 }]), { code: 'INPUT_INVALID' });
  await t.throwsAsync(collection.topK(['moon'], { k: 0 }), { code: 'OPTION_INVALID' });
  t.is(collection.size, 1);
});

test('removed items are found no more, and the others keep their vectors', async (t) => {
  const collection = t.context.engine.collection('remove');
  await collection.upsert(texts.map((text, id) => ({ id, text })));
  await collection.remove([0, 3, 99]);
  t.is(collection.size, 3);
  t.false(collection.has(0));
  t.is((await collection.topK(['moon'], { k: 1 }))[0]![0]!.id, 2);
  await t.throwsAsync(collection.score(['moon'], [0]), { code: 'ID_NOT_FOUND' });
});

test('a collection is dropped by name, and then unknown', async (t) => {
  const { engine } = t.context;
  await engine.collection('dropped').upsert([{ id: 1, text: 'moon' }]);
  t.true(await engine.drop('dropped'));
  t.false(await engine.drop('dropped'));
  t.throws(() => engine.existingCollection('dropped'), { code: 'COLLECTION_NOT_FOUND', message: /dropped/ });
});

test('an engine that was disposed refuses work', async (t) => {
  const engine = await openTinyEngine(t.context.folder.path);
  engine.collection('late');
  await engine[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  await t.throwsAsync(engine.embed(['a']), { code: 'DISPOSED' });
  t.throws(() => engine.collection('x'), { code: 'DISPOSED' });
});
