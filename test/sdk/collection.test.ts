import test from 'ava';
import { range, repeat } from '../../shard/iterables.ts';
import type { UpsertOptions } from '../../sdk/collection.ts';
import { connect } from '../../sdk/connect.ts';
import type { Id, Item, Query } from '../../sdk/contract.ts';
import { FakeNode } from './fixtures/fake-node.ts';

const idOf = ({ id }: Item): unknown => id;
const items = (count: number): Item[] => Array.from({ length: count }, (_, id) => ({ id, text: `text ${id}` }));
const quick = { laneRetries: { initialDelay: 5, maxDelay: 20 } };

test('an upsert reaches every node in order, also when one of them is cut off meanwhile', async (t) => {
  await using a = await FakeNode.start({ apply: idOf });
  await using b = await FakeNode.start({
    apply: idOf,
    trouble: (_, turn) => (turn === 1 ? { kind: 'cut', share: 0.5 } : undefined),
  });
  await using connection = await connect({ nodes: [a.url, b.url] });
  await connection.collection('c').upsert(items(100), { ...quick, maxBatchSize: 16 });
  for (const node of [a, b]) {
    t.true(node.heads.every((head) => head.function === 'upsert' && head.options?.['collection'] === 'c'));
    const ids = node.inputs.flat().map((item) => (item as Item).id as number);
    t.deepEqual([...new Set(ids)], [...range(100)]);
    t.is(node.mostInFlight, 1);
  }
});

test('an item that one node refuses ends the upsert with its index', async (t) => {
  await using a = await FakeNode.start({ apply: idOf });
  await using b = await FakeNode.start({
    apply: ({ id }: Item) => {
      if (id === 7) throw new RangeError('full');
      return id;
    },
  });
  await using connection = await connect({ nodes: [a.url, b.url] });
  const error = await t.throwsAsync(connection.collection('c').upsert(items(20)), { name: 'InputError' });
  t.like(error, { index: 7, code: 'FUNCTION_FAILED' });
});

test('a call of a collection with one broken rule is refused', async (t) => {
  await using node = await FakeNode.start();
  await using connection = await connect({ nodes: [node.url] });
  const collection = connection.collection('c');
  const { similarity } = collection;
  t.throws(() => connection.collection(''), { code: 'OPTION_INVALID', message: /got ""$/ });
  t.throws(() => similarity.map('a dog', [1]), { code: 'INPUT_INVALID', message: /queries .* repeat\("a dog"\)/ });
  t.throws(() => similarity.map(repeat('a dog'), 'abc'), { code: 'INPUT_INVALID', message: /ids/ });
  await t.throwsAsync(similarity.topK('a dog', { k: 0 }), { code: 'OPTION_INVALID' });
  const misspelt = { k: 1, K: 2 };
  await t.throwsAsync(similarity.topK('a dog', misspelt), { code: 'OPTION_INVALID' });
  for (const [query, message] of [
    [5, /Expected a text, a Float32Array or an array of them, got 5$/],
    [undefined, /got undefined$/],
    [[1, 2], /got an array of 2 numbers; one vector is a Float32Array/],
    [new Float64Array(2), /got a Float64Array; one vector is a Float32Array/],
  ] as const) {
    await t.throwsAsync(similarity.topK(query as unknown as Query, { k: 1 }), { code: 'INPUT_INVALID', message });
  }
  const signal = 5 as unknown as AbortSignal;
  await t.throwsAsync(similarity.topK('a dog', { k: 1, signal }), { code: 'OPTION_INVALID', message: /AbortSignal/ });
  await t.throwsAsync(collection.remove('a'), { code: 'INPUT_INVALID', message: /ids .* for one write \["a"\]/ });
  const misplaced = { type: 'f16' } as UpsertOptions;
  await t.throwsAsync(collection.upsert([], misplaced), { code: 'OPTION_INVALID', message: /collection\(name, / });
  for (const options of [{ returnErrors: true }, { ordered: false }]) {
    await t.throwsAsync(collection.upsert([], options as UpsertOptions), { code: 'OPTION_INVALID' });
  }
  await t.throwsAsync(connection.embed('a dog' as unknown as string[]), { code: 'INPUT_INVALID', message: /texts/ });
  const wrong = { ordered: false } as object;
  await t.throwsAsync(connection.embed(['a dog'], wrong), { code: 'OPTION_INVALID' });
});

test('each call says what the collection is to be like, and how to search', async (t) => {
  await using node = await FakeNode.start({ apply: () => [] });
  await using connection = await connect({ nodes: [node.url] });
  const { similarity } = connection.collection('c', { type: 'i8', rescore: true });
  await similarity.topK('a dog', { k: 2, filter: { exclude: new Set([1]) }, oversample: 8 });
  await connection.collection('c').similarity.topK('a dog', { k: 2 });
  t.deepEqual(
    node.heads.map(({ options }) => options),
    [
      { collection: 'c', type: 'i8', rescore: true, k: 2, filter: { exclude: [1] }, oversample: 8 },
      { collection: 'c', k: 2 },
    ],
  );
  t.throws(() => connection.collection('c', { type: 'b1', metric: 'dot' }), { code: 'OPTION_INVALID' });
});

test('a removal reaches every node in order', async (t) => {
  await using a = await FakeNode.start({ apply: (id: Id) => id });
  await using b = await FakeNode.start({ apply: (id: Id) => id });
  await using connection = await connect({ nodes: [a.url, b.url] });
  await connection.collection('c').remove(range(100), { maxBatchSize: 16 });
  for (const node of [a, b]) {
    t.true(node.heads.every((head) => head.function === 'remove'));
    t.deepEqual(node.inputs.flat(), [...range(100)]);
  }
  await t.throwsAsync(connection.collection('c').remove('abc'), { code: 'INPUT_INVALID', message: /ids/ });
});

test('a bare vector query is one query, and an array of queries is many', async (t) => {
  await using node = await FakeNode.start({ apply: (query: Query) => [{ id: query[0], score: 1 }] });
  await using connection = await connect({ nodes: [node.url] });
  const { similarity } = connection.collection('c');
  t.deepEqual(await similarity.topK(Float32Array.of(3, 4), { k: 1 }), [{ id: 3, score: 1 }]);
  t.deepEqual(await similarity.topK(['ab', Float32Array.of(5)], { k: 1 }), [
    [{ id: 'a', score: 1 }],
    [{ id: 5, score: 1 }],
  ]);
  t.deepEqual(await similarity.topK([], { k: 1 }), []);
});
