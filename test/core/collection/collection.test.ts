import { fc } from '@fast-check/ava';
import anyTest, { type TestFn } from 'ava';
import { VectorCollection } from '../../../core/collection/collection.ts';
import { HostStore } from '../../../core/collection/host-store.ts';
import type { RemoteStore } from '../../../core/collection/remote-store.ts';
import type { CollectionOptions, EngineCollection, Id } from '../../../core/contract.ts';
import { CoreError } from '../../../core/errors.ts';
import type { DeviceEngine } from '../../../core/engine.ts';
import { openTinyEngine, tinyFolder } from '../tinyEngine.ts';

const seed = 20261124;
const shape = { dims: 3, metric: 'dot' } as const satisfies CollectionOptions;
const test = anyTest as TestFn<{ engine: DeviceEngine; folder: { path: string } & AsyncDisposable }>;

test.before(async (t) => {
  const folder = await tinyFolder();
  t.context = { folder, engine: await openTinyEngine(folder.path) };
});

test.after.always(async (t) => {
  await t.context.engine?.[Symbol.asyncDispose]();
  await t.context.folder?.[Symbol.asyncDispose]();
});

const id = fc.integer({ min: 0, max: 300 });
/** Whole numbers: their products are exact, and full of ties. */
const vector = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 3, maxLength: 3 });
const ids = fc.array(id, { maxLength: 150, size: 'max' });

test(`any upserts, removals and filtered searches answer as a map of vectors would (seed ${seed})`, async (t) => {
  t.timeout(60_000);
  const step = fc.oneof(
    fc.record({ upsert: fc.array(fc.tuple(id, vector), { maxLength: 200, size: 'max' }) }),
    fc.record({ remove: ids }),
    fc.record({
      query: vector,
      k: fc.integer({ min: 1, max: 400 }),
      filter: fc.record({ allow: ids, exclude: ids }, { requiredKeys: [] }),
    }),
  );
  let name = 0;
  const property = fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
    const collection = t.context.engine.collection(`model ${name++}`, shape);
    const model = new Map<Id, number[]>();
    for (const each of steps) {
      if ('upsert' in each) {
        await collection.upsert(each.upsert.map(([key, to]) => ({ id: key, vector: Float32Array.from(to) })));
        for (const [key, to] of each.upsert) model.set(key, to);
      } else if ('remove' in each) {
        await collection.remove(each.remove);
        for (const key of each.remove) model.delete(key);
      } else {
        const { query, k, filter } = each;
        const [matches] = await collection.topK([Float32Array.from(query)], { k, filter });
        const allowed = [...model].filter(
          ([key]) => (filter.allow?.includes(key as number) ?? true) && !filter.exclude?.includes(key as number),
        );
        const scored = allowed.map(([key, to]) => ({
          id: key,
          score: to.reduce((sum, x, i) => sum + x * query[i]!, 0),
        }));
        t.deepEqual(matches, scored.toSorted((a, b) => b.score - a.score).slice(0, k));
      }
      t.is(collection.size, model.size);
    }
    await t.context.engine.drop(collection.name);
  });
  await fc.assert(property, { seed, numRuns: 60 });
});

test('searches amid removals, new items and compactions answer no id with the vector of another', async (t) => {
  const collection = t.context.engine.collection('amid', { ...shape, dims: 2 });
  const items = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => ({ id: from + at, vector: Float32Array.of(from + at, 1) }));
  await collection.upsert(items(0, 500));
  const work: Promise<void>[] = [];
  let matches = 0;
  for (let turn = 0; turn < 30; turn++) {
    const gone = items((turn * 97) % 400, 100).map((item) => item.id);
    work.push(
      collection.remove(gone),
      collection.topK([Float32Array.of(1, 0)], { k: 500, filter: { exclude: [7] } }).then(([found]) => {
        for (const match of found!) t.is(match.score, match.id as number);
        matches += found!.length;
      }),
      collection.upsert(items((turn * 61) % 400, 150)),
      collection.score([Float32Array.of(1, 0)], [499]).then(([score]) => {
        t.is(score, 499);
      }),
    );
  }
  await Promise.all(work);
  t.true(matches > 3000);
});

test('ids are found again after they were removed, at the end of the order', async (t) => {
  const collection = t.context.engine.collection('again', shape);
  const same = (key: Id) => ({ id: key, vector: Float32Array.of(1, 2, 3) });
  await collection.upsert(['a', 'b', 'c'].map(same));
  await collection.remove(['a']);
  await collection.upsert([same('a')]);
  t.deepEqual(await found(collection), ['b', 'c', 'a']);
  await collection.remove(['a', 'b', 'c', 'd']);
  t.deepEqual(await found(collection), []);
  t.is(collection.size, 0);
});

test('ids that are not there allow and exclude nothing, and a number is not its digits', async (t) => {
  const collection = t.context.engine.collection('unknown', shape);
  await collection.upsert([1, 2, '1'].map((key) => ({ id: key, vector: Float32Array.of(1, 0, 0) })));
  t.deepEqual(await found(collection, { allow: ['1', 3] }), ['1']);
  t.deepEqual(await found(collection, { allow: [3] }), []);
  t.deepEqual(await found(collection, { allow: [] }), []);
  t.deepEqual(await found(collection, { exclude: [3, '2', 1] }), [2, '1']);
  t.deepEqual(await found(collection, { allow: [1, 2], exclude: [1] }), [2]);
});

test('a collection keeps the leading components where it was made with dims, and else takes no longer vectors', async (t) => {
  const { engine } = t.context;
  const short = engine.collection('short', { dims: 2 });
  await short.upsert([
    { id: 'a', vector: Float32Array.of(3, 4, 100) },
    { id: 'b', text: 'moon' },
  ]);
  const [[score], [byText]] = [
    await short.score([Float32Array.of(3, 4, -7)], ['a']),
    await short.score(['moon'], ['b']),
  ];
  t.true(Math.abs(score! - 1) < 1e-6);
  t.true(Math.abs(byText! - 1) < 1e-6);
  await t.throwsAsync(short.upsert([{ id: 'c', vector: Float32Array.of(1) }]), {
    code: 'COLLECTION_MISMATCH',
    message: /2 dims or the leading ones of more, got one of 1/,
  });
  const whole = engine.collection('whole');
  await t.throwsAsync(whole.upsert([{ id: 'c', vector: new Float32Array(33) }]), { code: 'COLLECTION_MISMATCH' });
  const longer = engine.collection('longer', { dims: 40 });
  await longer.upsert([{ id: 1, vector: new Float32Array(40).fill(1) }]);
  await t.throwsAsync(longer.topK(['moon'], { k: 1 }), { code: 'COLLECTION_MISMATCH', message: /40 dims, but tiny/ });
});

test('what a collection was made with can not be contradicted, and may be left out', (t) => {
  const { engine } = t.context;
  const made = engine.collection('made', { metric: 'dot' });
  t.is(engine.collection('made'), made);
  t.is(engine.collection('made', { metric: 'dot', dims: 32, type: 'f32', rescore: false }), made);
  const expected = {
    instanceOf: CoreError,
    code: 'COLLECTION_MISMATCH',
    message: /"made" was made with type f32 and metric dot, and is asked for with type f16 and metric cosine/,
  };
  t.throws(() => engine.collection('made', { metric: 'cosine', type: 'f16' }), expected);
  t.throws(() => engine.existingCollection('made', { metric: 'cosine', type: 'f16' }), expected);
  t.throws(() => engine.collection('other', { metric: 'hamming' }), { code: 'OPTION_INVALID' });
  t.false(engine.collections().some(({ name }) => name === 'other'));
});

test('items whose write fails are not there, and those before them are', async (t) => {
  let full = false;
  const { collection } = await over({
    write: () => {
      if (full) throw new CoreError('OUT_OF_MEMORY', 'full');
    },
  });
  const item = (key: Id) => ({ id: key, vector: Float32Array.of(1, 2, 3) });
  await collection.upsert([item('a')]);
  full = true;
  await t.throwsAsync(collection.upsert([item('a'), item('b')]), { code: 'OUT_OF_MEMORY' });
  full = false;
  t.deepEqual([collection.size, collection.has('b')], [1, false]);
  await collection.upsert([item('c')]);
  t.deepEqual(await found(collection), ['a', 'c']);
});

test('items stay removed where there is no memory to move the others together, which is tried again later', async (t) => {
  const keeps: number[] = [];
  let full = true;
  const { collection } = await over({
    keep: (rows) => {
      keeps.push(rows.length);
      if (full) throw new CoreError('OUT_OF_MEMORY', 'full');
    },
  });
  const numbers = Array.from({ length: 200 }, (_, key) => key);
  await collection.upsert(numbers.map((key) => ({ id: key, vector: Float32Array.of(1, key, 0) })));
  await collection.remove(numbers.slice(0, 70));
  await collection.remove([70]);
  t.deepEqual(keeps, [130], 'not tried at once again');
  t.deepEqual(await found(collection), numbers.slice(71));
  full = false;
  await collection.remove(numbers.slice(71, 140));
  t.deepEqual(keeps, [130, 60]);
  t.deepEqual(await found(collection), numbers.slice(140));
  const [score] = await collection.score([Float32Array.of(0, 1, 0)], [150]);
  t.is(score, 150);
});

test('a call that comes at any moment around a compaction answers by the ids of its rows', async (t) => {
  const item = (key: number) => ({ id: key, vector: Float32Array.of(1, key, 0) });
  let compactions = 0;
  // So many promises are settled between the removal and the call, or where it is negative between the call and the removal.
  for (let moment = -20; moment < 20; moment++) {
    const { collection } = await over({ keep: () => (compactions += 1) });
    await collection.upsert(Array.from({ length: 200 }, (_, key) => item(key)));
    const after = async (moments: number) => {
      for (let passed = 0; passed < moments; passed++) await Promise.resolve();
    };
    const removed = after(-moment).then(() => collection.remove(Array.from({ length: 100 }, (_, key) => key)));
    await after(moment);
    const query = Float32Array.of(0, 1, 0);
    const [scores, [matches]] = await Promise.all([
      collection.score([query], [150]),
      collection.topK([query], { k: 200 }),
    ]);
    await removed;
    t.deepEqual([...scores], [150], `a score after ${moment}`);
    t.true(
      matches!.every(({ id: key, score }) => score === key),
      `matches after ${moment}`,
    );
  }
  t.is(compactions, 40);
});

/** Ids by a query that all vectors of these tests answer alike. */
async function found(collection: EngineCollection, filter = {}): Promise<Id[]> {
  const [matches] = await collection.topK([Float32Array.of(1, 0, 0)], { k: 1000, filter });
  return matches!.map((match) => match.id);
}

/** A collection over host memory that fails when it is told to. */
async function over(before: { write?: () => void; keep?: (rows: Uint32Array) => void }) {
  const options = { ...shape, type: 'f32', rescore: false } as const;
  const host = new HostStore(options, { threads: 1 });
  const store: Pick<RemoteStore, keyof RemoteStore> = {
    options,
    write: async (rows, vectors) => {
      before.write?.();
      host.write(rows, vectors);
    },
    keep: async (rows) => {
      before.keep?.(rows);
      host.keep(rows);
    },
    score: async (queries, queryOf, rows) => host.score(queries, queryOf, rows),
    topK: async (queries, search) => host.topK(queries, search),
    explain: async (size) => host.explain(size),
    drop: async () => host.dispose(),
  };
  const embed = async (): Promise<never> => {
    throw new TypeError('expected vectors');
  };
  return { collection: new VectorCollection({ name: 'over', store, truncates: false, embed }) };
}
