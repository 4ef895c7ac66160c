/** What bench:kernels times is right before it is fast. */
import test from 'ava';
import { seeded } from '../../bench/harness/random.ts';
import { onnxSearch } from '../../bench/kernels/onnx-search.ts';
import { ownSearch } from '../../bench/kernels/own-search.ts';
import { checkBest, unitRows } from '../../bench/kernels/search.ts';

const dims = 8;
const count = 200;
const k = 5;
const random = seeded(20261124);
const corpus = { dims, count, items: unitRows(count, dims, random) };
const queries = unitRows(70, dims, random);
const query = queries.subarray(0, dims);

const best = (): number[] => {
  const scores = Array.from({ length: count }, (_, item) =>
    query.reduce((sum, value, at) => sum + value * (corpus.items[item * dims + at] ?? 0), 0),
  );
  return scores
    .map((_, item) => item)
    .sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0))
    .slice(0, k);
};

test('rows have norm 1', (t) => {
  for (let from = 0; from < corpus.items.length; from += dims) {
    const squares = corpus.items.subarray(from, from + dims).reduce((sum, value) => sum + value ** 2, 0);
    t.true(Math.abs(squares - 1) < 1e-6);
  }
});

for (const open of [ownSearch, onnxSearch]) {
  test(`${open.name} finds the best of every query`, async (t) => {
    await using search = await open(corpus);
    const found = await search.topK(queries, k);
    for (let at = 0; at < queries.length / dims; at++) {
      const positions = Array.from({ length: k }, (_, rank) => Number(found[at * k + rank]));
      checkBest(corpus, queries.subarray(at * dims, (at + 1) * dims), positions, search.name);
    }
    t.is(found.length, (queries.length / dims) * k);
  });
}

test('a search that misses an item, disorders two or finds one twice is not timed', (t) => {
  const right = best();
  t.notThrows(() => checkBest(corpus, query, right, 'test'));
  const message = /test/v;
  t.throws(() => checkBest(corpus, query, [...right.slice(0, -1), right[0] === 0 ? 1 : 0], 'test'), { message });
  t.throws(() => checkBest(corpus, query, right.toReversed(), 'test'), { message });
  t.throws(() => checkBest(corpus, query, [right[0] ?? 0, ...right.slice(0, -1)], 'test'), { message });
  const twin = {
    ...corpus,
    items: Float32Array.from({ length: 2 * dims }, (_, at) => query[at % dims] ?? 0),
    count: 2,
  };
  t.notThrows(() => checkBest(twin, query, [1, 0], 'test'));
  t.throws(() => checkBest(twin, query, [1, 1], 'test'), { message: /each item once/v });
});
