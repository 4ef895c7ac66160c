import { fc } from '@fast-check/ava';
import type { ExecutionContext } from 'ava';
import { dotReference } from '../../kernels/dot/reference.ts';
import { topkOfRows } from '../../kernels/index.ts';
import { selectReference, topkReference } from '../../kernels/topk/reference.ts';
import { topkOfRowsWithin } from '../../kernels/topk/rows.ts';
import { runDot, runTopk, spanOfValues, type TopkResult } from './calls.ts';
import { onEveryGpu } from './gpus.ts';
import { bits, randomFrom, reals, shapes, wholes } from './vectors.ts';

const seed = 20261124;

type Floats = Float32Array<ArrayBuffer>;

/** For vectors whose scores are exact in float32: the very rows and scores of the float64 reference. */
function equals(
  t: ExecutionContext,
  actual: TopkResult,
  queries: Floats,
  items: Floats,
  dims: number,
  k: number,
): void {
  const expected = topkReference(queries, items, dims, k);
  t.deepEqual(actual.rows, expected.rows);
  const wrong = expected.scores.findIndex(
    (score, at) => !(Number.isNaN(score) ? Number.isNaN(actual.scores[at]) : score === actual.scores[at]),
  );
  t.is(wrong, -1, `score ${wrong}: expected ${expected.scores[wrong]}, got ${actual.scores[wrong]}`);
}

/** For any vectors: scores within the bound, in order, and nothing left out that is better by more than the bounds. */
function holds(t: ExecutionContext, actual: TopkResult, queries: Floats, items: Floats, dims: number, k: number): void {
  const count = items.length / dims;
  const { scores, bounds } = dotReference(queries, items, dims);
  for (let query = 0; query < queries.length / dims; query++) {
    const rows = actual.rows.subarray(query * k, (query + 1) * k);
    const found = actual.scores.subarray(query * k, (query + 1) * k);
    t.is(new Set(rows).size, k);
    t.true(
      rows.every(
        (row, rank) =>
          Math.abs((found[rank] ?? 0) - (scores[query * count + row] ?? 0)) <= (bounds[query * count + row] ?? 0),
      ),
    );
    t.true(found.every((score, rank) => rank === 0 || score <= (found[rank - 1] ?? 0)));
    const taken = new Set(rows);
    const last = found[k - 1] ?? NaN;
    for (let row = 0; row < count; row++) {
      if (taken.has(row)) continue;
      const at = query * count + row;
      if ((scores[at] ?? 0) - (bounds[at] ?? 0) > last) t.fail(`row ${row} of query ${query} was left out`);
    }
  }
}

onEveryGpu('topk', (check) => {
  check('keys compare as the order of results says, both zeros equal, all NaN equal and last', async (t, launcher) => {
    const finite = [3e38, 1, 2 ** -120, 2 ** -126, 0, -(2 ** -126), -1, -3e38];
    const values = Float32Array.of(Infinity, ...finite, -Infinity, NaN, -0);
    const nan = Uint32Array.of(0xffffffff, 0x7f800001);
    using lease = await launcher.upload(Uint32Array.of(...bits(values), ...nan));
    const pipeline = await launcher.pipeline({
      files: ['../../kernels/topk/order-key.wgsl', 'fixtures/keys.wgsl'].map((name) => new URL(name, import.meta.url)),
    });
    const count = values.length + nan.length;
    const span = spanOfValues(lease.buffer, count);
    const step = { pipeline, bindings: [span], immediates: Uint32Array.of(count), workgroups: [1, 1, 1] as const };
    const [bytes] = await launcher.submit([step], [span]);
    const keys = [...new Uint32Array(bytes!)];
    const [zeroKey, nanKey] = [keys[5], keys[10]];
    t.deepEqual(keys.slice(11), [zeroKey, nanKey, nanKey]);
    const distinct = keys.slice(0, 11);
    t.true(distinct.every((key, at) => key > 0 && (at === 0 || key < distinct[at - 1]!)));
  });

  check('rows and scores equal the float64 reference at the edges of tiles and of k, ties too', async (t, launcher) => {
    for (const [index, [queryCount, itemCount, dims]] of shapes.entries()) {
      const queries = wholes(seed + index, queryCount * dims);
      const items = wholes(seed - index - 1, itemCount * dims);
      for (const k of dims === 16 && queryCount === 2 ? new Set([1, 64, itemCount, itemCount + 1]) : [5]) {
        equals(t, await runTopk(launcher, queries, items, { dims, k }), queries, items, dims, k);
      }
    }
  });

  check('k from 1 to beyond 1,024 is exact', async (t, launcher) => {
    const [queries, items] = [wholes(seed, 2 * 4), wholes(~seed, 3000 * 4)];
    for (const k of [1, 63, 65, 255, 257, 1024, 1500, 3000]) {
      equals(t, await runTopk(launcher, queries, items, { dims: 4, k }), queries, items, 4, k);
    }
  });

  check('answers are those of selecting from the scores of dot, bit for bit', async (t, launcher) => {
    for (const [queryCount, dims] of [
      [1, 384],
      [5, 37],
      [20, 37],
    ] as const) {
      const [queries, items] = [reals(seed, queryCount * dims), reals(~seed, 1000 * dims)];
      const scores = await runDot(launcher, queries, items, dims);
      const rows = selectReference(scores, 1000, 100);
      const actual = await runTopk(launcher, queries, items, { dims, k: 100 });
      t.deepEqual(actual.rows, rows);
      t.deepEqual(
        bits(actual.scores),
        bits(Float32Array.from(rows, (row, at) => scores[Math.floor(at / 100) * 1000 + row] ?? NaN)),
      );
      holds(t, actual, queries, items, dims, 100);
    }
  });

  check(
    `any scores are ordered: NaN last, infinities first and last, zeros tied (seed ${seed})`,
    async (t, launcher) => {
      const special = fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, 1, -1, 2 ** -120, 3e38, -3e38);
      const score = fc.oneof(
        special,
        fc
          .float({ noDefaultInfinity: true, noNaN: true, min: -1000, max: 1000 })
          .map((value) => Math.fround(Math.round(value * 8) / 8)),
      );
      const property = fc.asyncProperty(
        fc.array(score, { minLength: 1, maxLength: 400 }),
        fc.integer({ min: 1, max: 410 }),
        fc.constantFrom(1, -1),
        async (scores, k, query) => {
          const [queries, items] = [Float32Array.of(query), Float32Array.from(scores)];
          equals(t, await runTopk(launcher, queries, items, { dims: 1, k }), queries, items, 1, k);
        },
      );
      await fc.assert(property, { seed, numRuns: 60 });
    },
  );

  check(`any shape is exact (seed ${seed})`, async (t, launcher) => {
    const shape = fc.record({
      queries: fc.integer({ min: 1, max: 40 }),
      items: fc.integer({ min: 1, max: 700 }),
      dims: fc.integer({ min: 1, max: 20 }),
      k: fc.integer({ min: 1, max: 300 }),
      vectors: fc.integer(),
    });
    const property = fc.asyncProperty(shape, async ({ queries: rows, items: columns, dims, k, vectors }) => {
      const [queries, items] = [wholes(vectors, rows * dims), wholes(~vectors, columns * dims)];
      equals(t, await runTopk(launcher, queries, items, { dims, k }), queries, items, dims, k);
    });
    await fc.assert(property, { seed, numRuns: 30 });
  });

  check('places past the last item never stand for one, though every score is negative', async (t, launcher) => {
    const items = new Float32Array(200).fill(-1).fill(-5, 192);
    for (const queryCount of [1, 4, 20]) {
      const queries = new Float32Array(queryCount).fill(1);
      for (const k of [1, 3]) equals(t, await runTopk(launcher, queries, items, { dims: 1, k }), queries, items, 1, k);
    }
  });

  check('equal items are answered in order, though every bin holds the best score', async (t, launcher) => {
    const { rows } = await runTopk(launcher, Float32Array.of(1), new Float32Array(1000).fill(5), { dims: 1, k: 200 });
    t.deepEqual([...rows], [...Array(200).keys()]);
  });

  check('queries in groups that share scratch memory do not disturb each other', async (t, launcher) => {
    const [queries, items] = [wholes(seed, 11 * 4), wholes(~seed, 500 * 4)];
    const expected = await runTopk(launcher, queries, items, { dims: 4, k: 10 });
    for (const scratchBytes of [0, 4 * (8 + 16 + 1024 + 20) * 4]) {
      const kernel = topkOfRowsWithin(scratchBytes);
      t.deepEqual(await runTopk(launcher, queries, items, { dims: 4, k: 10, kernel }), expected);
    }
  });

  check('more bins than one dimension of a dispatch can count are all searched', async (t, _, { narrow }) => {
    // 13 bins, 13 kept bins and 3 queries, 4 workgroups to a dimension.
    const [queries, items] = [wholes(seed, 3 * 4), wholes(~seed, (12 * 64 + 3) * 4)];
    for (const k of [1, 6, 12, 13, 700]) {
      equals(t, await runTopk(narrow, queries, items, { dims: 4, k }), queries, items, 4, k);
    }
  });

  check('the same call gives the same bits', async (t, launcher) => {
    const [queries, items] = [reals(seed, 20 * 16), reals(~seed, 2000 * 16)];
    const first = await runTopk(launcher, queries, items, { dims: 16, k: 50 });
    const again = await runTopk(launcher, queries, items, { dims: 16, k: 50 });
    t.deepEqual(again.rows, first.rows);
    t.deepEqual(bits(again.scores), bits(first.scores));
  });

  check('no queries or no items is an empty answer, and k must be an integer from 1 up', async (t, launcher) => {
    t.is((await runTopk(launcher, new Float32Array(0), reals(seed, 8), { dims: 4, k: 1 })).rows.length, 0);
    t.is((await runTopk(launcher, reals(seed, 8), new Float32Array(0), { dims: 4, k: 1 })).rows.length, 0);
    using lease = await launcher.scratch(256);
    const matrix = { buffer: lease.buffer, rows: 1, columns: 1 };
    for (const k of [0, -1, 1.5, NaN]) {
      const call = { queries: matrix, items: matrix, rows: matrix, scores: matrix, k };
      await t.throwsAsync(topkOfRows.plan(launcher, call), { code: 'INPUT_INVALID', message: /integer from 1 up/ });
    }
  });

  check('as many queries as there are of a batch, each its own answer', async (t, launcher) => {
    const random = randomFrom(seed);
    const items = Float32Array.from({ length: 300 }, () => Math.floor(random() * 100));
    const queries = Float32Array.from({ length: 300 }, (_, at) => (at % 2 === 0 ? 1 : -1));
    equals(t, await runTopk(launcher, queries, items, { dims: 1, k: 5 }), queries, items, 1, 5);
  });
});
