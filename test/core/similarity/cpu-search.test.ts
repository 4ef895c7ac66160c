import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { CpuSearch, largestOf, type Vectors } from '../../../core/similarity/cpu-search.ts';
import { precedes } from '../../../core/similarity/order.ts';

const search = await CpuSearch.open(2);
test.after.always(() => search[Symbol.asyncDispose]());

function vectors(data: Float32Array): Vectors {
  return { data, largest: largestOf(data) };
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
  const { rows } = await search.topK(vectors(queries), vectors(items), dims, k);
  return Array.from({ length: queries.length / dims }, (_, query) => [...rows.subarray(query * k, (query + 1) * k)]);
}

const component = fc.oneof(
  { weight: 30, arbitrary: fc.integer({ min: -2, max: 2 }) },
  fc.constantFrom(-0, Infinity, -Infinity, NaN),
);
const tame = fc.integer({ min: -2, max: 2 });

for (const [title, values] of Object.entries({
  'ties stand in row order, however they are selected': tame,
  'infinities and NaN stand where they should': component,
})) {
  testProp(
    title,
    [fc.array(values, { minLength: 2, maxLength: 12 }), fc.array(values, { minLength: 2, maxLength: 300 }), fc.nat()],
    async (t, queries, items, choice) => {
      const dims = 2;
      const [asked, held] = [queries, items].map((all) => Float32Array.from(all.slice(0, all.length & ~1)));
      const rows = held!.length / dims;
      const k = [1, Math.min(2, rows), Math.min(64, rows), Math.max(1, rows - 1), rows][choice % 5]!;
      t.deepEqual(await found(asked!, held!, dims, k), expected(asked!, held!, dims, k));
    },
  );
}

test('a thousand equal rows stand in row order for every k', async (t) => {
  const items = new Float32Array(2000).fill(1);
  for (const k of [1, 2, 63, 64, 65, 500, 999, 1000]) {
    t.deepEqual(await found(Float32Array.of(1, 1), items, 2, k), [Array.from({ length: k }, (_, row) => row)]);
  }
});

test('the largest magnitude is told, and that one is unknown', (t) => {
  t.is(largestOf(Float32Array.of(1, -3, 2)), 3);
  t.is(largestOf(new Float32Array(0)), 0);
  t.is(largestOf(Float32Array.of(1, -Infinity)), Infinity);
  t.is(largestOf(Float32Array.of(5, NaN, 7)), NaN);
});
