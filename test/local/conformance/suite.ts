/** What every way of using warpmap does alike: an engine in this process, a server of one's own, several nodes. */
import { fc } from '@fast-check/ava';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { tinyFolder } from '../../core/tinyEngine.ts';
import { type Connection, InputError, open, range, repeat, type Vectors } from '../../../index.ts';

/** One way of using warpmap. */
export interface Way {
  /** Opens a connection over the model in this folder. */
  open(model: string): Promise<Connection>;
  /** What `nodes()` answers, in order. */
  readonly urls: readonly RegExp[];
  /** Opens with an option that does not exist. */
  openWrong(): Promise<unknown>;
}

interface Context {
  readonly connection: Connection;
  readonly folder: { readonly path: string } & AsyncDisposable;
}

const seed = 20261130;
const texts = ['the sea', 'a dog and a cat went down to the river', 'moon', '', 'the bird took the horse 42 times'];
/** What the types forbid, for those who have none. */
const untyped = (value: unknown): never => value as never;
const reason = new DOMException('enough', 'AbortError');

export function testConformance(way: Way): void {
  const test = anyTest as TestFn<Context>;

  test.before(async (t) => {
    t.timeout(120_000);
    const folder = await tinyFolder();
    t.context = { folder, connection: await way.open(folder.path) };
  });

  test.after.always(async (t) => {
    await t.context.connection?.[Symbol.asyncDispose]();
    await t.context.folder?.[Symbol.asyncDispose]();
  });

  /** Opens a connection apart, to be closed by the test. */
  const another = (t: ExecutionContext<Context>): Promise<Connection> => way.open(t.context.folder.path);

  test('no texts give no vectors, of the dims that were asked for', async (t) => {
    const { connection } = t.context;
    const none = { count: 0, dims: connection.model.dims, data: new Float32Array() };
    t.deepEqual(await connection.embed([]), none);
    t.deepEqual(await connection.embed([], { dims: 8 }), { ...none, dims: 8 });
    t.deepEqual(await Array.fromAsync(connection.embed.map([])), []);
  });

  test(`each text has its vector, in order, however often it comes (seed ${seed})`, async (t) => {
    const { embed } = t.context.connection;
    const alone = new Map<string, Float32Array>();
    for (const text of texts) alone.set(text, rowOf(await embed([text]), 0));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...texts), { maxLength: 300 }), async (many) => {
        const vectors = await embed(many);
        t.like(vectors, { count: many.length, dims: 32 });
        for (const [index, text] of many.entries()) t.true(cosine(rowOf(vectors, index), alone.get(text)!) > 0.99999);
      }),
      { seed, numRuns: 8 },
    );
  });

  test('a stream of vectors equals the block of them, from any kind of source', async (t) => {
    const { embed } = t.context.connection;
    const block = await embed(texts);
    const sources = [texts, new Set(texts), texts.values(), asynchronous(texts)];
    for (const source of sources) {
      const stream = await Array.fromAsync(embed.map(source, { maxBatchSize: 2 }));
      t.is(stream.length, texts.length);
      for (const [index, vector] of stream.entries()) t.true(cosine(vector, rowOf(block, index)) > 0.99999);
    }
  });

  test('vectors equal those of an engine in this process', async (t) => {
    await using here = await open({ model: t.context.folder.path, device: 'cpu', threads: 1 });
    const [expected, vectors] = [await here.embed(texts), await t.context.connection.embed(texts)];
    for (const index of texts.keys()) t.true(cosine(rowOf(vectors, index), rowOf(expected, index)) > 0.99999);
    t.deepEqual(t.context.connection.model, here.model);
  });

  test('outputs as they complete are all of the outputs', async (t) => {
    const { embed } = t.context.connection;
    const stream = await Array.fromAsync(embed.map(texts, { ordered: false, maxBatchSize: 1 }));
    const block = await embed(texts);
    for (const index of texts.keys())
      t.is(stream.filter((each) => cosine(each, rowOf(block, index)) > 0.99999).length, 1);
  });

  test('vectors are cut to the leading dims that were asked for, and have norm 1 again', async (t) => {
    const { embed } = t.context.connection;
    const whole = await embed(['the sea']);
    const [short] = await Array.fromAsync(embed.map(['the sea'], { dims: 8 }));
    t.is(short!.length, 8);
    t.true(cosine(short!, rowOf(whole, 0).subarray(0, 8)) > 0.99999);
    t.true(Math.abs(norm(short!) - 1) < 1e-5);
  });

  test('an endless source is read only as far as outputs are taken, and closed at the break', async (t) => {
    let read = 0;
    let closed = false;
    function* endless(): Generator<string> {
      try {
        for (;;) yield `the dog ${read++}`;
      } finally {
        closed = true;
      }
    }
    let taken = 0;
    for await (const vector of t.context.connection.embed.map(endless(), { window: 64 })) {
      t.is(vector.length, 32);
      if (++taken === 100) break;
    }
    t.true(closed);
    t.true(read <= 100 + 64, `read ${read} texts for ${taken} vectors`);
  });

  test('an endless asynchronous source is closed at the break', async (t) => {
    let closed = false;
    async function* endless(): AsyncGenerator<string> {
      try {
        for (;;) yield 'the sea';
      } finally {
        closed = true;
      }
    }
    for await (const _ of t.context.connection.embed.map(endless())) break;
    t.true(closed);
  });

  test('an error of the source ends the map with it', async (t) => {
    const broken = new RangeError('the source broke');
    async function* source(): AsyncGenerator<string> {
      yield 'the sea';
      throw broken;
    }
    t.is(await t.throwsAsync(Array.fromAsync(t.context.connection.embed.map(source()))), broken);
  });

  test('a bad input stands as an error in its place, and the others have their outputs', async (t) => {
    const inputs = untyped(['the sea', 5, 'moon', null]);
    const outputs = await Array.fromAsync(t.context.connection.embed.map(inputs, { returnErrors: true }));
    t.deepEqual(
      outputs.map((each) => each instanceof InputError),
      [false, true, false, true],
    );
    t.like(outputs[1], { code: 'INPUT_INVALID', index: 1, input: '5', attempts: 1 });
    t.like(outputs[3], { code: 'INPUT_INVALID', index: 3, input: 'null', attempts: 1 });
  });

  test('a bad input ends the map, and tells which it was', async (t) => {
    const { embed } = t.context.connection;
    const inputs = untyped(['the sea', 'moon', 5]);
    const expected = { instanceOf: InputError, code: 'INPUT_INVALID', message: /Expected a text, got the number 5/v };
    t.is((await t.throwsAsync<InputError>(Array.fromAsync(embed.map(inputs)), expected))?.index, 2);
    t.is((await t.throwsAsync<InputError>(embed(inputs), expected))?.index, 2);
  });

  test('an input that is no data fails alone', async (t) => {
    const inputs = untyped([() => 1, 'moon']);
    const outputs = await Array.fromAsync(t.context.connection.embed.map(inputs, { returnErrors: true }));
    t.like(outputs[0], { name: 'InputError', code: 'INPUT_INVALID', index: 0 });
    t.false(outputs[1] instanceof InputError);
  });

  test('a bare string where texts are expected is refused, and so is what can not be read', async (t) => {
    const { embed, collection } = bound(t.context.connection);
    t.throws(() => embed.map('the sea'), { code: 'INPUT_INVALID', message: /iterable/v });
    t.throws(() => embed.map(untyped(7)), { code: 'INPUT_INVALID' });
    await t.throwsAsync(embed(untyped('the sea')), { code: 'INPUT_INVALID' });
    await t.throwsAsync(embed(untyped(new Set(['the sea']))), { code: 'INPUT_INVALID', message: /array/v });
    await t.throwsAsync(collection('bare').upsert(untyped('the sea')), { code: 'INPUT_INVALID' });
    t.throws(() => collection('bare').similarity.map('the sea', [1]), { code: 'INPUT_INVALID' });
  });

  test('progress is told at the end of a map, with all of its inputs', async (t) => {
    let last: unknown;
    const map = t.context.connection.embed.map(texts, { onProgress: (progress) => (last = progress) });
    await Array.fromAsync(map);
    t.like(last, { done: texts.length, failed: 0, total: texts.length });
  });

  test('items come into a collection from an array and from an async generator, by id', async (t) => {
    const collection = t.context.connection.collection('upserts');
    t.is(await collection.size(), 0);
    await collection.upsert([]);
    t.is(await collection.size(), 0);
    await collection.upsert(texts.map((text, id) => ({ id, text })));
    t.is(await collection.size(), 5);
    const more = asynchronous(Array.from({ length: 300 }, (_, index) => ({ id: `n${index}`, text: `the ${index}` })));
    await collection.upsert(more, { maxBatchSize: 70 });
    t.is(await collection.size(), 305);
  });

  test('an item replaces the one of its id, the later of two in one upsert too, and keeps its place', async (t) => {
    const collection = t.context.connection.collection('replaces');
    const first = ['moon', 'the sea', 'the sea'].map((text, id) => ({ id, text }));
    await collection.upsert(first);
    await collection.upsert([
      { id: 0, text: 'a dog and a cat' },
      { id: 0, text: 'the sea' },
    ]);
    t.is(await collection.size(), 3);
    const matches = await collection.similarity.topK('the sea', { k: 3 });
    t.deepEqual(
      matches.map(({ id }) => id),
      [0, 1, 2],
    );
    for (const { score } of matches) t.true(Math.abs(score - 1) < 1e-5);
  });

  test('the ids 1 and "1" are two items, and any text is an id', async (t) => {
    const collection = t.context.connection.collection('ids');
    const ids = [1, '1', -1.5, 2 ** 40, '', 'the "id"', '\u{1F40B}'];
    await collection.upsert(ids.map((id) => ({ id, text: `the item ${id}` })));
    t.is(await collection.size(), ids.length);
    const scores = await Array.fromAsync(collection.similarity.map(repeat('the sea'), ids));
    t.deepEqual(
      scores.map(([id]) => id),
      ids,
    );
  });

  test('a collection may have any name without control characters, of up to 200 characters', async (t) => {
    for (const name of ['a/b?c=d#e', '..', 'Übung 木', 'x'.repeat(200)]) {
      const collection = t.context.connection.collection(name);
      await collection.upsert([{ id: 1, text: 'moon' }]);
      t.is(await collection.size(), 1, name);
      await collection.drop();
      t.is(await collection.size(), 0, name);
    }
    t.throws(() => t.context.connection.collection(''), { code: 'OPTION_INVALID' });
    for (const name of ['x'.repeat(201), 'a\nb']) {
      const collection = t.context.connection.collection(name);
      await t.throwsAsync(collection.upsert([{ id: 1, text: 'moon' }]), { code: 'OPTION_INVALID' }, name);
    }
  });

  test('a bad item ends the upsert, and tells which it was', async (t) => {
    const collection = t.context.connection.collection('bad items');
    const good = { id: 1, text: 'moon' };
    for (const [bad, code] of [
      [{ id: 2 }, 'INPUT_INVALID'],
      [{ id: 2, text: 'moon', vector: new Float32Array(32) }, 'INPUT_INVALID'],
      [{ id: 2, txt: 'moon' }, 'INPUT_INVALID'],
      [{ id: Number.NaN, text: 'moon' }, 'INPUT_INVALID'],
      [{ text: 'moon' }, 'INPUT_INVALID'],
      ['moon', 'INPUT_INVALID'],
      [{ id: 2, vector: new Float32Array(32).fill(Number.NaN) }, 'INPUT_INVALID'],
      [{ id: 2, vector: new Float32Array(3) }, 'COLLECTION_MISMATCH'],
    ] as const) {
      const error = await t.throwsAsync<InputError>(collection.upsert(untyped([good, bad])), {
        instanceOf: InputError,
        code,
      });
      t.is(error?.index, 1);
    }
    t.is(await collection.size(), 1);
    const vector = new Float32Array(32);
    vector[3] = Infinity;
    await t.throwsAsync(collection.upsert([{ id: 2, vector }]), {
      message: /finite numbers of 32 bits; at 3 it has Infinity/v,
    });
  });

  test('a collection that was dropped, or never was, is empty and not found', async (t) => {
    const collection = t.context.connection.collection('dropped');
    const refused = { code: 'COLLECTION_NOT_FOUND', message: /dropped/v };
    await collection.drop();
    await t.throwsAsync(collection.similarity.topK('moon', { k: 1 }), refused);
    await collection.upsert([{ id: 1, text: 'moon' }]);
    await collection.drop();
    t.is(await collection.size(), 0);
    await t.throwsAsync(collection.similarity.topK('moon', { k: 1 }), refused);
    await t.throwsAsync(Array.fromAsync(collection.similarity.map(['moon'], [1])), refused);
    const tolerant = collection.similarity.map(['moon'], [1], { returnErrors: true });
    await t.throwsAsync(Array.fromAsync(tolerant), refused);
  });

  test('scores come in the order of queries and ids, and are of the pair at each place', async (t) => {
    const { embed, collection } = bound(t.context.connection);
    const items = collection('scores');
    await items.upsert(texts.map((text, id) => ({ id, text })));
    const vectors = await embed(texts);
    const queries = Array.from({ length: 500 }, (_, index) => texts[index % 5]!);
    const ids = Array.from({ length: 500 }, (_, index) => (index * 7) % 5);
    const scores = await Array.fromAsync(items.similarity.map(queries, asynchronous(ids), { maxBatchSize: 64 }));
    t.deepEqual(
      scores.map(([id]) => id),
      ids,
    );
    for (const [index, [id, score]] of scores.entries()) {
      const expected = cosine(rowOf(vectors, index % 5), rowOf(vectors, Number(id)));
      if (Math.abs(score - expected) > 1e-5) t.fail(`score ${index} is ${score}, expected ${expected}`);
    }
  });

  test('one repeated query, as text or as vector, meets each id; the shorter side ends the map', async (t) => {
    const { embed, collection } = bound(t.context.connection);
    const items = collection('repeated');
    await items.upsert(texts.map((text, id) => ({ id, text })));
    const byText = await Array.fromAsync(items.similarity.map(repeat('moon'), range(5)));
    const byVector = await Array.fromAsync(items.similarity.map(repeat(rowOf(await embed(['moon']), 0)), range(5)));
    t.deepEqual(
      byText.map(([id]) => id),
      [0, 1, 2, 3, 4],
    );
    for (const [index, [id, score]] of byText.entries()) {
      t.is(byVector[index]![0], id);
      t.true(Math.abs(byVector[index]![1] - score) < 1e-5);
    }
    t.is((await Array.fromAsync(items.similarity.map(['moon', 'moon'], range(Infinity)))).length, 2);
  });

  test('an unknown id ends the scores with its index, or stands as an error in its place', async (t) => {
    const collection = t.context.connection.collection('unknown id');
    await collection.upsert(texts.map((text, id) => ({ id, text })));
    const map = collection.similarity.map(repeat('moon'), [0, 1, 'nobody', 2]);
    const error = await t.throwsAsync<InputError>(Array.fromAsync(map), {
      instanceOf: InputError,
      code: 'ID_NOT_FOUND',
      message: /no item with the id "nobody"/v,
    });
    t.is(error?.index, 2);
    const all = await Array.fromAsync(
      collection.similarity.map(repeat('moon'), ['one', 'two', 2], { returnErrors: true }),
    );
    t.like(all[0], { code: 'ID_NOT_FOUND', index: 0 });
    t.like(all[1], { code: 'ID_NOT_FOUND', index: 1 });
    t.false(all[2] instanceof InputError);
  });

  test('a collection is made as it is asked for, tells so, and refuses those who expect another', async (t) => {
    const { connection } = t.context;
    const options = { metric: 'euclidean', dims: 3 } as const;
    const collection = connection.collection('shaped', options);
    await collection.upsert([
      { id: 'near', vector: Float32Array.of(1, 0, 0, 9) },
      { id: 'far', vector: Float32Array.of(5, 0, 0, 9) },
    ]);
    const info = { name: 'shaped', type: 'f32', rescore: false, size: 2, ...options };
    t.deepEqual(
      (await connection.collections()).find(({ name }) => name === 'shaped'),
      info as never,
    );
    const query = Float32Array.of(2, 0, 0);
    const expected = [
      { id: 'near', score: -1 },
      { id: 'far', score: -9 },
    ];
    t.deepEqual(await connection.collection('shaped').similarity.topK(query, { k: 9 }), expected);
    const other = connection.collection('shaped', { metric: 'dot' });
    const refused = { code: 'COLLECTION_MISMATCH', message: /made with metric euclidean.*asked for with metric dot/ };
    await t.throwsAsync(other.similarity.topK(query, { k: 1 }), refused);
    await t.throwsAsync(other.upsert([{ id: 1, vector: query }]), refused);
    await t.throwsAsync(other.remove(['far']), refused);
    await t.throwsAsync(Array.fromAsync(other.similarity.map([query], ['far'])), refused);
    t.throws(() => connection.collection('shaped', untyped({ kind: 'f32' })), { code: 'OPTION_INVALID' });
  });

  test('removed items are found no more, and a filter says which of the others may be', async (t) => {
    const collection = t.context.connection.collection('filtered', { dims: 2, metric: 'dot' });
    await collection.upsert(Array.from(range(200), (id) => ({ id, vector: Float32Array.of(id, 1) })));
    const found = async (options: object = {}) => {
      const matches = await collection.similarity.topK(Float32Array.of(1, 0), { k: 3, ...options });
      return matches.map(({ id, score }) => (id === score ? id : Number.NaN));
    };
    await collection.remove(range(100, 200));
    await collection.remove(['unknown']);
    t.is(await collection.size(), 100);
    t.deepEqual(await found(), [99, 98, 97]);
    t.deepEqual(await found({ filter: { exclude: new Set([99, 97, 'unknown']) } }), [98, 96, 95]);
    t.deepEqual(await found({ filter: { allow: [150, 4, 'unknown'] }, recallTarget: 0.9 }), [4]);
    await collection.upsert([{ id: 150, vector: Float32Array.of(150, 1) }]);
    t.deepEqual(await found({ filter: { allow: [150, 4] } }), [150, 4]);
    await t.throwsAsync(found({ k: 10_001 }), { code: 'OPTION_INVALID', message: /at most 10000/ });
    await t.throwsAsync(found({ filter: { allow: 5 } }), { code: 'OPTION_INVALID', message: /filter.allow/ });
    await t.context.connection.collection('never made').remove([1]);
  });

  test('a search is explained by each node', async (t) => {
    const { connection } = t.context;
    const collection = connection.collection('explained', { dims: 4 });
    await collection.upsert([{ id: 1, vector: Float32Array.of(1, 2, 3, 4) }]);
    const explanations = await collection.explain({ queries: 2, k: 1 });
    t.is(explanations.length, (await connection.nodes()).length);
    for (const { node, backend, reason, steps, bytes } of explanations) {
      t.true([node, backend, reason, ...steps].every((text) => text.length > 0));
      t.is(bytes, 16);
    }
    await t.throwsAsync(collection.explain({ k: 0 }), { code: 'OPTION_INVALID' });
    await t.throwsAsync(connection.collection('never made').explain(), { code: 'COLLECTION_NOT_FOUND' });
  });

  test('a query of other dims than the collection fails alone', async (t) => {
    const collection = t.context.connection.collection('mismatch');
    await collection.upsert([{ id: 1, text: 'moon' }]);
    const queries = [new Float32Array(3), 'moon'];
    const outputs = await Array.fromAsync(collection.similarity.map(queries, repeat(1), { returnErrors: true }));
    t.like(outputs[0], { code: 'COLLECTION_MISMATCH', index: 0 });
    t.false(outputs[1] instanceof InputError);
    await t.throwsAsync(collection.similarity.topK(new Float32Array(3), { k: 1 }), { code: 'COLLECTION_MISMATCH' });
  });

  test('the best come first, ties in the order of insertion, and no more than there are', async (t) => {
    const { embed, collection } = bound(t.context.connection);
    const items = collection('best');
    await items.upsert(['moon', 'the sea', 'the sea', 'a dog', 'the sea'].map((text, id) => ({ id, text })));
    const best = await items.similarity.topK('the sea', { k: 100 });
    t.is(best.length, 5);
    t.deepEqual(
      best.slice(0, 3).map(({ id }) => id),
      [1, 2, 4],
    );
    t.deepEqual(
      best,
      best.toSorted((a, b) => b.score - a.score),
    );
    const byVector = await items.similarity.topK(rowOf(await embed(['the sea']), 0), { k: 2 });
    t.deepEqual(
      byVector.map(({ id }) => id),
      [1, 2],
    );
  });

  test('many queries have their best each, in order', async (t) => {
    const { embed, collection } = bound(t.context.connection);
    const items = collection('many');
    await items.upsert(texts.map((text, id) => ({ id, text })));
    const queries = [...texts.toReversed(), rowOf(await embed(['moon']), 0)];
    const best = await items.similarity.topK(queries, { k: 1 });
    t.deepEqual(
      best.map(([match]) => match?.id),
      [4, 3, 2, 1, 0, 2],
    );
    t.deepEqual(await items.similarity.topK([], { k: 1 }), []);
  });

  test('an option that does not exist, or is not of its domain, is refused and blames no input', async (t) => {
    const { connection } = t.context;
    const collection = connection.collection('options');
    await collection.upsert([{ id: 1, text: 'moon' }]);
    const all = (outputs: AsyncIterable<unknown>): Promise<unknown> => Array.fromAsync(outputs);
    const given: Record<string, () => Promise<unknown>> = {
      'opening, unknown': () => way.openWrong(),
      'embed, unknown': () => connection.embed(texts, untyped({ dimensions: 8 })),
      'embed, dims above the model’s': () => connection.embed(texts, { dims: 33 }),
      'embed, no dims': () => connection.embed(texts, { dims: 0 }),
      'embed, unknown prompt': () => connection.embed(texts, { prompt: 'nonesuch' }),
      'embed.map, unknown': async () => all(connection.embed.map(texts, untyped({ ordred: true }))),
      'embed.map, dims': async () => all(connection.embed.map(texts, { dims: 1.5, returnErrors: true })),
      'embed.map, prompt': async () => all(connection.embed.map(texts, { prompt: 'nonesuch', returnErrors: true })),
      'embed.map, signal': async () => all(connection.embed.map(texts, untyped({ signal: 5 }))),
      'embed.map, window': async () => all(connection.embed.map(texts, { window: 0 })),
      'similarity.map, unknown': async () => all(collection.similarity.map(texts, [1], untyped({ k: 1 }))),
      'topK, unknown': () => collection.similarity.topK('moon', untyped({ k: 1, limit: 1 })),
      'topK, no k': () => collection.similarity.topK('moon', { k: 0 }),
      'topK, a list for a filter': () => collection.similarity.topK('moon', { k: 1, filter: untyped([1]) }),
      'topK, k above what a node takes': () => collection.similarity.topK('moon', { k: 65_537 }),
      'upsert, unknown': () => collection.upsert([], untyped({ collection: 'other' })),
      'upsert, of the collection': () => collection.upsert([], untyped({ type: 'f16' })),
      'upsert, order': () => collection.upsert([], untyped({ ordered: false })),
      'a function, unknown': async () => all(connection.function('embed', { nope: 1 }).map(texts)),
    };
    for (const [title, call] of Object.entries(given)) {
      const error = await t.throwsAsync(call, { code: 'OPTION_INVALID' }, title);
      t.false(error instanceof InputError, title);
    }
  });

  test('an aborted signal ends whatever waits with its reason, and the connection goes on', async (t) => {
    const { connection } = t.context;
    const collection = connection.collection('aborted');
    await collection.upsert([{ id: 1, text: 'moon' }]);
    const signal = AbortSignal.abort(reason);
    const calls = [
      connection.embed(texts, { signal }),
      Array.fromAsync(connection.embed.map(repeat('moon'), { signal })),
      Array.fromAsync(collection.similarity.map(repeat('moon'), repeat(1), { signal })),
      collection.similarity.topK('moon', { k: 1, signal }),
      collection.upsert([{ id: 2, text: 'moon' }], { signal }),
    ];
    for (const call of calls) t.is(await t.throwsAsync(call, { any: true }), reason);
    t.is(await collection.size(), 1);
    t.is((await connection.embed(['the sea'])).count, 1);
  });

  test('a signal that aborts midway ends a map with its reason, and closes the source', async (t) => {
    const { connection } = t.context;
    const controller = new AbortController();
    let closed = false;
    function* endless(): Generator<string> {
      try {
        for (let index = 0; ; index++) yield `the dog ${index}`;
      } finally {
        closed = true;
      }
    }
    let taken = 0;
    const map = async (): Promise<void> => {
      for await (const _ of connection.embed.map(endless(), { signal: controller.signal })) {
        if (++taken === 20) controller.abort(reason);
      }
    };
    t.is(await t.throwsAsync(map(), { any: true }), reason);
    t.true(closed);
    t.is((await connection.embed(['the sea'])).count, 1);
  });

  test('a function is called by its name, and one that does not exist is told as such', async (t) => {
    const { connection } = t.context;
    const embed = connection.function<string, Float32Array>('embed', { dims: 8 });
    t.is(embed.name, 'embed');
    t.deepEqual(
      (await Array.fromAsync(embed.map(texts))).map(({ length }) => length),
      [8, 8, 8, 8, 8],
    );
    const nope = connection.function('nope');
    await t.throwsAsync(Array.fromAsync(nope.map(texts)), { code: 'FUNCTION_NOT_FOUND', message: /"nope".*embed/v });
    const tolerant = Array.fromAsync(nope.map(texts, { returnErrors: true }));
    await t.throwsAsync(tolerant, { code: 'FUNCTION_NOT_FOUND' });
  });

  test('the nodes say what they are', async (t) => {
    const { connection } = t.context;
    const nodes = await connection.nodes();
    t.is(nodes.length, way.urls.length);
    for (const [index, node] of nodes.entries()) {
      t.regex(node.url, way.urls[index]!);
      t.like(node, { reachable: true, draining: false, model: { ...connection.model } });
      if (!node.reachable) continue;
      t.like(node.device, { kind: 'cpu', software: false });
      t.deepEqual(node.functions.toSorted(), ['embed', 'remove', 'similarity', 'topK', 'upsert']);
      t.regex(node.version, /^\d+\.\d+\.\d+/v);
    }
  });

  test('a connection that was closed, even twice, refuses all work as such', async (t) => {
    const connection = await another(t);
    const { collection } = bound(connection);
    const items = collection('closed');
    await items.upsert([{ id: 1, text: 'moon' }]);
    await connection[Symbol.asyncDispose]();
    await connection[Symbol.asyncDispose]();
    const calls: Record<string, () => unknown> = {
      embed: () => connection.embed(['a']),
      'embed.map': async () => Array.fromAsync(connection.embed.map(['a'])),
      'similarity.map': async () => Array.fromAsync(items.similarity.map(['a'], [1])),
      topK: () => items.similarity.topK('a', { k: 1 }),
      upsert: () => items.upsert([{ id: 1, text: 'a' }]),
      size: () => items.size(),
      drop: () => items.drop(),
      nodes: () => connection.nodes(),
      function: async () => Array.fromAsync(connection.function('embed').map(['a'])),
    };
    for (const [title, call] of Object.entries(calls)) {
      await t.throwsAsync(async () => call(), { code: 'DISPOSED' }, title);
    }
  });

  test('closing ends the maps that run, as such', async (t) => {
    const connection = await another(t);
    const map = connection.embed.map(repeat('the dog'));
    t.is((await map.next()).value?.length, 32);
    const rest = Array.fromAsync(map);
    await Promise.all([t.throwsAsync(rest, { code: 'DISPOSED' }), connection[Symbol.asyncDispose]()]);
  });
}

function bound(connection: Connection): Pick<Connection, 'embed' | 'collection'> {
  return { embed: connection.embed, collection: (name) => connection.collection(name) };
}

async function* asynchronous<T>(values: Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* values;
}

function rowOf({ data, dims }: Vectors, index: number): Float32Array {
  return data.subarray(index * dims, (index + 1) * dims);
}

function norm(vector: Float32Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0) / (norm(a) * norm(b));
}
