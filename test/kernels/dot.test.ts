import { fc } from '@fast-check/ava';
import type { ExecutionContext } from 'ava';
import { dotReference } from '../../kernels/dot/reference.ts';
import { dot, pairs } from '../../kernels/index.ts';
import { runDot, spanOfValues } from './calls.ts';
import { onEveryGpu } from './gpus.ts';
import { bits, randomFrom, reals, shapes } from './vectors.ts';

const seed = 20261124;

/** Finite scores within the bound from theory; the others of the same kind. */
function agrees(
  t: ExecutionContext,
  actual: Float32Array,
  queries: Float32Array,
  items: Float32Array,
  dims: number,
): void {
  const { scores, bounds } = dotReference(queries, items, dims);
  t.is(actual.length, scores.length);
  const wrong = scores.findIndex((score, at) => {
    const got = actual[at] ?? Number.NaN;
    return Number.isFinite(score) ? !(Math.abs(got - score) <= (bounds[at] ?? 0)) : !Object.is(got, score);
  });
  t.is(wrong, -1, `score ${wrong}: expected ${scores[wrong]} ± ${bounds[wrong]}, got ${actual[wrong]}`);
}

onEveryGpu('dot', (check) => {
  check('scores at the edges of tiles are within the bound of the float64 reference', async (t, launcher) => {
    for (const [index, [queryCount, itemCount, dims]] of shapes.entries()) {
      const queries = reals(seed + index, queryCount * dims);
      const items = reals(seed - index - 1, itemCount * dims);
      agrees(t, await runDot(launcher, queries, items, dims), queries, items, dims);
    }
  });

  check(`scores of any shape and magnitude are within the bound (seed ${seed})`, async (t, launcher) => {
    const shape = fc.record({
      queries: fc.integer({ min: 1, max: 70 }),
      items: fc.integer({ min: 1, max: 200 }),
      dims: fc.integer({ min: 1, max: 70 }),
      exponent: fc.integer({ min: -12, max: 12 }),
      vectors: fc.integer(),
    });
    const property = fc.asyncProperty(shape, async ({ queries: rows, items: columns, dims, exponent, vectors }) => {
      const queries = reals(vectors, rows * dims).map((value) => value * 10 ** exponent);
      const items = reals(~vectors, columns * dims);
      agrees(t, await runDot(launcher, queries, items, dims), queries, items, dims);
    });
    await fc.assert(property, { seed, numRuns: 30 });
  });

  check('NaN and infinities come through, and zeros of either sign are equal', async (t, launcher) => {
    const items = Float32Array.of(NaN, Infinity, -Infinity, -0, 0, 1);
    for (const query of [1, -1, 0])
      agrees(t, await runDot(launcher, Float32Array.of(query), items, 1), Float32Array.of(query), items, 1);
    const mixed = Float32Array.of(Infinity, -Infinity);
    t.deepEqual([...(await runDot(launcher, Float32Array.of(1, 1), mixed, 2))], [NaN]);
  });

  check('more tiles than one dimension of a dispatch can count are all scored', async (t, launcher, { narrow }) => {
    for (const queryCount of [1, 5, 65]) {
      const [queries, items] = [reals(seed, queryCount * 3), reals(~seed, 7 * 64 * 3 + 3)];
      const expected = await runDot(launcher, queries, items, 3);
      t.deepEqual(bits(await runDot(narrow, queries, items, 3)), bits(expected));
    }
  });

  check('no queries or no items is an empty answer', async (t, launcher) => {
    t.is((await runDot(launcher, new Float32Array(0), reals(seed, 8), 4)).length, 0);
    t.is((await runDot(launcher, reals(seed, 8), new Float32Array(0), 4)).length, 0);
  });

  check('the same call gives the same bits, however many queries share it', async (t, launcher) => {
    const [queries, items] = [reals(seed, 65 * 37), reals(~seed, 100 * 37)];
    const together = await runDot(launcher, queries, items, 37);
    t.deepEqual(bits(await runDot(launcher, queries, items, 37)), bits(together));
    t.deepEqual(bits(await runDot(launcher, queries.slice(0, 37), items, 37)), bits(together.slice(0, 100)));
    t.deepEqual(bits(await runDot(launcher, queries.slice(0, 3 * 37), items, 37)), bits(together.slice(0, 300)));
  });

  check('shapes that contradict each other or their buffers are refused by name', async (t, launcher) => {
    using lease = await launcher.scratch(1024);
    const { buffer } = lease;
    const good = {
      queries: { buffer, rows: 2, columns: 4 },
      items: { buffer, rows: 3, columns: 4 },
      scores: { buffer, rows: 2, columns: 3 },
    };
    const wrong = [
      { call: { ...good, items: { buffer, rows: 3, columns: 5 } }, message: /items to be 3 × 4; got 3 × 5/ },
      { call: { ...good, scores: { buffer, rows: 3, columns: 2 } }, message: /scores to be 2 × 3; got 3 × 2/ },
      {
        call: { ...good, queries: { buffer, rows: 65, columns: 4 }, scores: { buffer, rows: 65, columns: 3 } },
        message: /queries to be/,
      },
      { call: { ...good, queries: { buffer, rows: 2, columns: 4, offset: 4 } }, message: /multiple of 256/ },
      {
        call: { ...good, queries: { buffer, rows: 2, columns: 0 }, items: { buffer, rows: 3, columns: 0 } },
        message: /1 component or more/,
      },
    ];
    for (const { call, message } of wrong) {
      await t.throwsAsync(dot.plan(launcher, call), { name: 'KernelError', code: 'INPUT_INVALID', message });
    }
    await t.notThrowsAsync(dot.plan(launcher, good));
  });
});

onEveryGpu('pairs', (check) => {
  check('scores have the bits of dot, from whichever rows the items start', async (t, launcher) => {
    const dims = 37;
    const [queries, items] = [reals(seed, 5 * dims), reals(~seed, 200 * dims)];
    const whole = await runDot(launcher, queries, items, dims);
    const random = randomFrom(seed);
    const queryOf = Uint32Array.from({ length: 130 }, () => Math.floor(random() * 5));
    const rows = Uint32Array.from({ length: 130 }, () => Math.floor(random() * 200));
    using queryLease = await launcher.upload(queries);
    using itemLease = await launcher.upload(items);
    using queryOfLease = await launcher.upload(queryOf);
    using rowLease = await launcher.upload(rows.map((row) => row + 1000));
    using scoreLease = await launcher.upload(new Float32Array(130).fill(7));
    const column = (buffer: GPUBuffer) => ({ buffer, rows: 130, columns: 1 });
    const plan = await pairs.plan(launcher, {
      queries: { buffer: queryLease.buffer, rows: 5, columns: dims },
      items: { buffer: itemLease.buffer, rows: 200, columns: dims },
      firstRow: 1000,
      queryOf: column(queryOfLease.buffer),
      rows: column(rowLease.buffer),
      scores: column(scoreLease.buffer),
      firstPair: 1,
      endPair: 129,
    });
    const [bytes] = await launcher.submit(plan.steps, [spanOfValues(scoreLease.buffer, 130)]);
    const expected = rows.entries().map(([pair, row]) => whole[(queryOf[pair] ?? 0) * 200 + row] ?? NaN);
    t.deepEqual([...new Float32Array(bytes!)], [7, ...[...expected].slice(1, 129), 7]);
  });

  check('more workgroups than 65,535 are spread over two dimensions', async (t, launcher) => {
    const count = 65_536 * 64 + 1;
    using queryLease = await launcher.upload(Float32Array.of(2, 3));
    using itemLease = await launcher.upload(Float32Array.of(5, 7));
    using queryOfLease = await launcher.upload(Uint32Array.from({ length: count }, (_, at) => at % 2));
    using rowLease = await launcher.upload(Uint32Array.from({ length: count }, (_, at) => (at >> 1) % 2));
    using scoreLease = await launcher.scratch(count * 4);
    const column = (buffer: GPUBuffer, rows = count) => ({ buffer, rows, columns: 1 });
    const plan = await pairs.plan(launcher, {
      queries: column(queryLease.buffer, 2),
      items: column(itemLease.buffer, 2),
      firstRow: 0,
      queryOf: column(queryOfLease.buffer),
      rows: column(rowLease.buffer),
      scores: column(scoreLease.buffer),
      firstPair: 0,
      endPair: count,
    });
    t.true((plan.steps[0]?.workgroups[1] ?? 0) > 1);
    const [bytes] = await launcher.submit(plan.steps, [spanOfValues(scoreLease.buffer, count)]);
    const expected = [10, 15, 14, 21];
    t.is(
      new Float32Array(bytes!).findIndex((score, at) => score !== expected[at % 4]),
      -1,
    );
  });
});
