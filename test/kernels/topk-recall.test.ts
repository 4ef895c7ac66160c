import test from 'ava';
import { expectedRecall, packPanels } from '../../kernels/index.ts';
import { scoreReference } from '../../kernels/elements/reference.ts';
import { binWidth } from '../../kernels/topk/recall.ts';
import { selectReference } from '../../kernels/topk/reference.ts';
import { onEveryGpu } from './gpus.ts';
import { askTopk, bitmap, difference } from './topk-calls.ts';
import { randomFrom, reals, wholes } from './vectors.ts';

const seed = 20261124;

test('the expected recall is the share of the best that fall into bins of their own', (t) => {
  t.is(expectedRecall(1, 10), 1);
  t.is(expectedRecall(2, 1), 0.5);
  t.true(Math.abs(expectedRecall(2, 2) - 0.75) < 1e-15);
  const random = randomFrom(seed);
  for (const [k, bins] of [
    [10, 20],
    [100, 1000],
    [100, 100],
  ] as const) {
    let found = 0;
    const rounds = 4000;
    for (let round = 0; round < rounds; round++) {
      found += new Set(Array.from({ length: k }, () => Math.floor(random() * bins))).size;
    }
    // The number of bins that are hit has a variance of at most k.
    t.true(Math.abs(found / rounds / k - expectedRecall(k, bins)) < 4 / Math.sqrt(rounds * k));
  }
});

test('bins are the widest whose expected recall is that wanted, and none where no bins reach it', (t) => {
  const segments = [{ rows: 1_000_000 }, { rows: 500_000 }];
  t.is(binWidth(100, segments, 1), undefined);
  for (const target of [0.5, 0.9, 0.95, 0.99]) {
    const width = binWidth(100, segments, target)!;
    const bins = (each: number): number => segments.reduce((sum, { rows }) => sum + Math.floor(rows / each), 0);
    t.true(expectedRecall(100, bins(width)) >= target);
    t.true(bins(2 * width) < 100 || expectedRecall(100, bins(2 * width)) < target);
  }
  t.is(binWidth(100, [{ rows: 6400 }], 0.99), undefined);
  t.is(binWidth(101, [{ rows: 6400 }], 0.01), undefined);
});

onEveryGpu('topk with a recall', (check) => {
  check('the best of each bin are answered, of equal ones the first, over segments', async (t, launcher) => {
    const [queryCount, dims] = [20, 4];
    const [queries, first, second] = [wholes(seed, queryCount * dims), wholes(1, 640 * dims), wholes(2, 500 * dims)];
    const pack = (vectors: Float32Array<ArrayBuffer>) => packPanels(vectors, { type: 'f32', columns: dims });
    const items = [pack(first), pack(second)];
    const [k, recallTarget] = [3, 0.7];
    const width = binWidth(k, items, recallTarget)!;
    t.is(width, 256);
    const question = { queries: pack(queries), items, metric: 'dot' as const, k };
    const actual = await askTopk(launcher, { ...question, recallTarget });
    for (let query = 0; query < queryCount; query++) {
      const bests: { row: number; score: number }[] = [];
      let firstRow = 0;
      for (const segment of items) {
        const { scores } = scoreReference(question.queries, segment, 'dot');
        for (let bin = 0; bin < segment.rows; bin += width) {
          const end = Math.min(segment.rows, bin + width);
          const own = scores.subarray(query * segment.rows + bin, query * segment.rows + end);
          const [best = 0] = selectReference(own, own.length, 1);
          bests.push({ row: firstRow + bin + best, score: own[best] ?? NaN });
        }
        firstRow += segment.rows;
      }
      const expected = bests.sort((a, b) => b.score - a.score || a.row - b.row).slice(0, k);
      t.deepEqual(
        [...actual.rows.subarray(query * k, (query + 1) * k)],
        expected.map(({ row }) => row),
      );
      t.deepEqual(
        [...actual.scores.subarray(query * k, (query + 1) * k)],
        expected.map(({ score }) => score),
      );
    }
  });

  check('it is exact with rows that may not be answered, and where there are too few items', async (t, launcher) => {
    const pack = (vectors: Float32Array<ArrayBuffer>) => packPanels(vectors, { type: 'f32', columns: 4 });
    const question = { queries: pack(reals(3, 4)), items: [pack(reals(seed, 640 * 4))], metric: 'dot' as const };
    const allowed = bitmap(640, (row) => row < 40);
    for (const options of [{ k: 5, allowed }, { k: 20 }]) {
      const exact = await askTopk(launcher, { ...question, ...options });
      const asked = await askTopk(launcher, { ...question, ...options, recallTarget: 0.5 });
      t.is(difference(asked.rows, exact.rows), -1);
    }
  });
});
