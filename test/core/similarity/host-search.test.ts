import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import type { Device } from '../../../core/device/contract.ts';
import { HostStore } from '../../../core/collection/host-store.ts';
import { precedes } from '../../../core/similarity/order.ts';
import { reals } from '../../kernels/vectors.ts';
import { bitmapOf } from '../collection/nearest.ts';

const seed = 20261124;

/** One that scores by ONNX Runtime however little there is, filled. */
function storeOf(items: Float32Array, dims: number): HostStore {
  const options = { dims, type: 'f32', metric: 'dot', rescore: false } as const;
  const store = new HostStore(options, { threads: 2, direct: 0, rowsPerSegment: 64 });
  store.write(
    Uint32Array.from({ length: items.length / dims }, (_, row) => row),
    items,
  );
  return store;
}

/** By scoring all and sorting; exact where components are small whole numbers. */
function expected(queries: Float32Array, items: Float32Array, dims: number, k: number): number[][] {
  const rows = Array.from({ length: items.length / dims }, (_, row) => row);
  return Array.from({ length: queries.length / dims }, (_, query) => {
    const scores = rows.map((row) => {
      let sum = 0;
      for (let at = 0; at < dims; at++) sum += queries[query * dims + at]! * items[row * dims + at]!;
      return sum;
    });
    return rows.toSorted((a, b) => (precedes(scores[a]!, a, scores[b]!, b) ? -1 : 1)).slice(0, k);
  });
}

async function found(queries: Float32Array, items: Float32Array, dims: number, k: number): Promise<number[][]> {
  const store = storeOf(items, dims);
  const { rows } = await store.topK(queries, { k });
  await store.dispose();
  return Array.from({ length: queries.length / dims }, (_, query) => [...rows.subarray(query * k, (query + 1) * k)]);
}

const component = fc.oneof(
  { weight: 30, arbitrary: fc.integer({ min: -2, max: 2 }) },
  fc.constantFrom(-0, Infinity, -Infinity, NaN, 3e38),
);
const tame = fc.integer({ min: -2, max: 2 });

for (const [title, values] of Object.entries({
  'ties stand in row order, however they are selected': tame,
  'infinities and NaN stand where they should': component,
})) {
  testProp(
    `${title} (seed ${seed})`,
    [fc.array(values, { minLength: 2, maxLength: 12 }), fc.array(values, { minLength: 2, maxLength: 600 }), fc.nat()],
    async (t, queries, items, choice) => {
      const dims = 2;
      const [asked, held] = [queries, items].map((all) => Float32Array.from(all.slice(0, all.length & ~1)));
      const rows = held!.length / dims;
      const k = [1, Math.min(2, rows), Math.min(64, rows), Math.max(1, rows - 1), rows][choice % 5]!;
      t.deepEqual(await found(asked!, held!, dims, k), expected(asked!, held!, dims, k));
    },
    { seed },
  );
}

test('a thousand equal rows stand in row order for every k', async (t) => {
  const items = new Float32Array(2000).fill(1);
  for (const k of [1, 2, 63, 64, 65, 500, 999, 1000]) {
    t.deepEqual(await found(Float32Array.of(1, 1), items, 2, k), [Array.from({ length: k }, (_, row) => row)]);
  }
});

test('k of 10,000 gives 10,000 rows, as scoring each alone does', async (t) => {
  const [dims, count, k] = [8, 12_000, 10_000];
  const [query, items] = [reals(seed, dims), reals(~seed, count * dims)];
  const store = storeOf(items, dims);
  const best = await store.topK(query, { k });
  const rows = Uint32Array.from({ length: count }, (_, row) => row);
  const scores = store.score(query, new Uint32Array(count), rows);
  const sorted = rows.toSorted((a, b) => (precedes(scores[a]!, a, scores[b]!, b) ? -1 : 1)).subarray(0, k);
  t.deepEqual(best.rows, sorted);
  t.deepEqual(
    best.scores,
    Float32Array.from(sorted, (row) => scores[row]!),
  );
  await store.dispose();
});

test('a query has the same answer, to the bit, alone and among a hundred', async (t) => {
  const [dims, count, k] = [37, 3000, 30];
  const [queries, items] = [reals(seed, 100 * dims), reals(~seed, count * dims)];
  const store = storeOf(items, dims);
  const together = await store.topK(queries, { k });
  for (const at of [0, 57, 99]) {
    const alone = await store.topK(queries.slice(at * dims, (at + 1) * dims), { k });
    t.deepEqual(alone.rows, together.rows.slice(at * k, (at + 1) * k));
    t.deepEqual(alone.scores, together.scores.slice(at * k, (at + 1) * k));
  }
  await store.dispose();
});

testProp(
  `few or many allowed rows are searched as if there were no others (seed ${seed})`,
  [fc.array(tame, { minLength: 2, maxLength: 400 }), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 40 })],
  async (t, items, every, k) => {
    const dims = 2;
    const held = Float32Array.from(items.slice(0, items.length & ~1));
    const size = held.length / dims;
    const rows = Uint32Array.from({ length: size }, (_, row) => row).filter((row) => (row * 7) % every === 0);
    const some = Float32Array.from([...rows].flatMap((row) => [held[row * 2]!, held[row * 2 + 1]!]));
    const query = Float32Array.of(1, -1);
    const store = storeOf(held, dims);
    const best = await store.topK(query, { k, allowed: bitmapOf(rows, size) });
    await store.dispose();
    const there = expected(query, some, dims, Math.min(k, rows.length))[0]!.map((at) => rows[at]!);
    t.deepEqual([...best.rows.subarray(0, there.length)], there);
    t.true(best.rows.subarray(there.length).every((row) => row === 0xffffffff));
  },
  { seed },
);

test('rows with NaN and queries with NaN cost no other its place', async (t) => {
  const items = Float32Array.from({ length: 600 }, (_, at) => at % 50);
  items[400] = NaN;
  const store = storeOf(items, 2);
  const { rows, scores } = await store.topK(Float32Array.of(1, 1, NaN, 1), { k: 300 });
  t.is(rows[299], 200);
  t.true(Number.isNaN(scores[299]) && !Number.isNaN(scores[298]));
  t.deepEqual(
    [...rows.subarray(300)],
    Array.from({ length: 300 }, (_, row) => row),
  );
  await store.dispose();
});

test('a device that did not open is asked again', async (t) => {
  let kind: Device['kind'] = 'cuda';
  const accelerator: Device = {
    get kind() {
      return kind;
    },
    index: 99,
    name: 'none',
    software: false,
    features: [],
  };
  const options = { dims: 2, type: 'f32', metric: 'dot', rescore: false } as const;
  const store = new HostStore(options, { threads: 1, direct: 0, accelerator, acceleratedFrom: 1 });
  store.write(Uint32Array.of(0), Float32Array.of(1, 2));
  await t.throwsAsync(store.topK(Float32Array.of(3, 4), { k: 1 }), { message: /none/ });
  kind = 'cpu';
  t.deepEqual([...(await store.topK(Float32Array.of(3, 4), { k: 1 })).scores], [11]);
  await store.dispose();
});

test('the distance to an equal vector is 0, and not -0', async (t) => {
  for (const type of ['f32', 'i8'] as const) {
    const store = new HostStore({ dims: 2, type, metric: 'euclidean', rescore: false }, { threads: 1 });
    store.write(Uint32Array.of(0), Float32Array.of(1, 2));
    t.deepEqual([...(await store.topK(Float32Array.of(1, 2), { k: 1 })).scores], [0]);
    await store.dispose();
  }
});
