import { fc } from '@fast-check/ava';
import type { ExecutionContext } from 'ava';
import { scoreReference } from '../../kernels/elements/reference.ts';
import {
  componentsOf,
  dot,
  packPanels,
  pairs,
  type ElementType,
  type HostPanels,
  type Metric,
} from '../../kernels/index.ts';
import { shapeFor, TILE_SHAPES } from '../../kernels/tile/shape.ts';
import { runDot, scorePanels, spanOfValues, uploadPanels } from './calls.ts';
import { onEveryGpu } from './gpus.ts';
import { bits, randomFrom, reals, shapes } from './vectors.ts';

const seed = 20261124;

type Floats = Float32Array<ArrayBuffer>;

/** Few queries stream, many are a square: where a metric adds nothing to what the other tile does, one will do. */
const [FEW, MANY] = [3, 33];
const kinds: readonly (readonly [ElementType, Metric, readonly number[]])[] = [
  ['f32', 'dot', [FEW, MANY]],
  ['f32', 'cosine', [FEW, MANY]],
  ['f32', 'euclidean', [MANY]],
  ['f16', 'dot', [FEW, MANY]],
  ['f16', 'cosine', [FEW, MANY]],
  ['f16', 'euclidean', [FEW]],
  ['i8', 'dot', [MANY]],
  ['i8', 'cosine', [MANY]],
  ['i8', 'euclidean', [FEW, MANY]],
  ['b1', 'hamming', [MANY]],
  ['b1', 'jaccard', [FEW, MANY]],
];

/** Finite scores within the bound from theory; the others of the same kind. */
function agrees(t: ExecutionContext, actual: Floats, queries: HostPanels, items: HostPanels, metric: Metric): void {
  const { scores, bounds } = scoreReference(queries, items, metric);
  t.is(actual.length, scores.length);
  const wrong = scores.findIndex((score, at) => {
    const got = actual[at] ?? Number.NaN;
    return Number.isFinite(score) ? !(Math.abs(got - score) <= (bounds[at] ?? 0)) : !Object.is(got, score);
  });
  t.is(
    wrong,
    -1,
    `${queries.type} ${metric}, ${queries.rows} × ${items.rows} × ${queries.dims}, score ${wrong}: expected ${scores[wrong]} ± ${bounds[wrong]}, got ${actual[wrong]}`,
  );
}

/** Random vectors as kept; where cosine divides by norms, floats with scales. */
function random(from: number, type: ElementType, metric: Metric, rows: number, dims: number): HostPanels {
  const panels = packPanels(reals(from, rows * dims), { type, columns: dims });
  if (metric !== 'cosine' || type === 'i8') return panels;
  return { ...panels, scales: reals(~from, rows) };
}

const f32 = (dims: number, vectors: Floats): HostPanels => packPanels(vectors, { type: 'f32', columns: dims });

onEveryGpu('dot', (check) => {
  check('scores at the edges of tiles are within the bound of the float64 reference', async (t, launcher) => {
    for (const [index, [queryCount, itemCount, dims]] of [...shapes, [128, 65, 16] as const].entries()) {
      const queries = f32(dims, reals(seed + index, queryCount * dims));
      const items = f32(dims, reals(seed - index - 1, itemCount * dims));
      agrees(t, await scorePanels(launcher, queries, items, {}), queries, items, 'dot');
    }
  });

  for (const [type, metric, counts] of kinds) {
    check(`${metric} of ${type} is within its bound at the edges of granules and of slices`, async (t, launcher) => {
      const components = componentsOf(type);
      const edges = [1, components - 1, components, components + 1, 5 * components + 3, 66 * components + 1];
      for (const dims of edges.filter((edge) => edge > 0)) {
        const items = random(~dims, type, metric, 65, dims);
        for (const rows of dims <= 6 * components ? counts : counts.slice(0, 1)) {
          const queries = random(dims, type, metric, rows, dims);
          agrees(t, await scorePanels(launcher, queries, items, { metric }), queries, items, metric);
        }
      }
    });
  }

  check(`any shape, magnitude, type and metric is within the bound (seed ${seed})`, async (t, launcher) => {
    const call = fc.record({
      kind: fc.constantFrom(...kinds),
      many: fc.boolean(),
      extra: fc.nat(1),
      items: fc.integer({ min: 1, max: 200 }),
      dims: fc.integer({ min: 1, max: 300 }),
      exponents: fc.tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 })),
      vectors: fc.integer(),
    });
    const property = fc.asyncProperty(
      call,
      async ({ kind: [type, metric, counts], many, extra, items, dims, exponents, vectors }) => {
        const queries = counts[many ? counts.length - 1 : 0]! + extra;
        const [left, right] = (
          [
            [queries, vectors, exponents[0]],
            [items, ~vectors, exponents[1]],
          ] as const
        ).map(([rows, from, exponent]) => {
          const values = reals(from, rows * dims).map((value) => value * 10 ** exponent);
          return packPanels(values, { type, columns: dims });
        });
        agrees(t, await scorePanels(launcher, left!, right!, { metric }), left!, right!, metric);
      },
    );
    await fc.assert(property, { seed, numRuns: 40 });
  });

  check('distances of bytes keep their digits where vectors are near each other', async (t, launcher) => {
    const dims = 100;
    const base = reals(seed, dims);
    const near = [0, 1e-3, 1e-2, 0.1].map((by) => base.map((value, i) => value * (1 + by) + (i % 3) * by));
    const queries = packPanels(base, { type: 'i8', columns: dims });
    const items = packPanels(Float32Array.from(near.flatMap((row) => [...row])), { type: 'i8', columns: dims });
    const scores = await scorePanels(launcher, queries, items, { metric: 'euclidean' });
    agrees(t, scores, queries, items, 'euclidean');
    t.true(scores[0] === 0);
  });

  check('a share of bits is the nearest float32 to the exact one', async (t, launcher) => {
    const dims = 131;
    const rows = (from: number): HostPanels => {
      const random = randomFrom(from);
      const share = Float32Array.from({ length: 40 }, (_, row) => row / 39);
      const values = Float32Array.from({ length: 40 * dims }, (_, at) =>
        Number(random() < share[Math.floor(at / dims)]!),
      );
      return packPanels(values, { type: 'b1', columns: dims });
    };
    const [queries, items] = [rows(seed), rows(~seed)];
    const { scores } = scoreReference(queries, items, 'jaccard');
    const actual = await scorePanels(launcher, queries, items, { metric: 'jaccard' });
    t.is(
      actual.findIndex((score, at) => score !== Math.fround(scores[at]!)),
      -1,
    );
    t.is(scores[0], 1);
  });

  check('NaN and infinities come through, and zeros of either sign are equal', async (t, launcher) => {
    const items = Float32Array.of(NaN, Infinity, -Infinity, -0, 0, 1);
    for (const type of ['f32', 'f16'] as const) {
      const right = packPanels(items, { type, columns: 1 });
      for (const metric of ['dot', 'euclidean'] as const) {
        for (const query of [1, -1, 0]) {
          const left = packPanels(Float32Array.of(query), { type, columns: 1 });
          agrees(t, await scorePanels(launcher, left, right, { metric }), left, right, metric);
        }
      }
    }
    const mixed = Float32Array.of(Infinity, -Infinity);
    t.deepEqual([...(await runDot(launcher, Float32Array.of(1, 1), mixed, 2))], [NaN]);
    const scaled = { ...f32(1, Float32Array.of(1, 1, 0)), scales: Float32Array.of(NaN, Infinity, Infinity) };
    t.deepEqual([...(await scorePanels(launcher, f32(1, Float32Array.of(1)), scaled, {}))], [NaN, Infinity, NaN]);
  });

  check('scales of queries alone, or of items alone, are used', async (t, launcher) => {
    const [queries, items] = [f32(2, Float32Array.of(1, 2, 3, 4)), f32(2, Float32Array.of(1, 1, 2, 2, 3, 3))];
    const scores = async (left: HostPanels, right: HostPanels): Promise<number[]> => [
      ...(await scorePanels(launcher, left, right, {})),
    ];
    t.deepEqual(await scores({ ...queries, scales: Float32Array.of(2, 4) }, items), [6, 12, 18, 28, 56, 84]);
    t.deepEqual(await scores(queries, { ...items, scales: Float32Array.of(2, 4, 8) }), [6, 24, 72, 14, 56, 168]);
  });

  check('what stands in a panel past the last row is never seen', async (t, launcher) => {
    const queries = f32(4, reals(seed, 2 * 4));
    const items = f32(4, reals(~seed, 65 * 4));
    const expected = await scorePanels(launcher, queries, items, {});
    const dirty = [queries, items].map((panels) => {
      const words = panels.words.slice();
      const first = Math.floor(panels.rows / 64) * 64 * 4;
      for (let at = first; at < words.length; at++)
        if (Math.floor((at - first) / 4) >= panels.rows % 64) words[at] = ~0;
      return { ...panels, words };
    });
    t.notDeepEqual(dirty[1]!.words, items.words);
    t.deepEqual(bits(await scorePanels(launcher, dirty[0]!, dirty[1]!, {})), bits(expected));
  });

  check('more tiles than one dimension of a dispatch can count are all scored', async (t, launcher, { narrow }) => {
    for (const queryCount of [1, 9, 65]) {
      const [queries, items] = [reals(seed, queryCount * 3), reals(~seed, 7 * 64 * 3 + 3)];
      const expected = await runDot(launcher, queries, items, 3);
      t.deepEqual(bits(await runDot(narrow, queries, items, 3)), bits(expected));
    }
  });

  check('no queries or no items is an empty answer', async (t, launcher) => {
    t.is((await runDot(launcher, new Float32Array(0), reals(seed, 8), 4)).length, 0);
    t.is((await runDot(launcher, reals(seed, 8), new Float32Array(0), 4)).length, 0);
  });

  check('the same call gives the same bits, whatever the shape of its tiles', async (t, launcher) => {
    const [queries, items] = [reals(seed, 5 * 1037), reals(~seed, 70 * 1037)];
    const expected = bits(await runDot(launcher, queries, items, 1037));
    for (const shape of Object.values(TILE_SHAPES)) {
      t.deepEqual(bits(await runDot(launcher, queries, items, 1037, { shape })), expected);
    }
  });

  check('the more queries, the larger the tiles, and never more padding than with 64', (t) => {
    const sizes = [1, 2, 4, 5, 16, 17, 32, 33, 64, 65, 128, 129, 192, 193].map(
      (queries) => shapeFor(queries).constants.QUERIES,
    );
    t.deepEqual(sizes, [1, 4, 4, 8, 8, 32, 32, 64, 64, 128, 128, 64, 64, 128]);
    return Promise.resolve();
  });

  check('an epilogue is given each score with its query and item', async (t, launcher) => {
    const [queries, items] = [f32(1, Float32Array.of(2, 4)), f32(1, Float32Array.of(1, 3))];
    const epilogue = new URL('fixtures/half.wgsl', import.meta.url);
    t.deepEqual([...(await scorePanels(launcher, queries, items, { epilogue }))], [1, 4, 1002, 1007]);
  });

  check('shapes that contradict each other or their buffers are refused by name', async (t, launcher) => {
    using lease = await launcher.scratch(4096);
    const { buffer } = lease;
    const queries = { buffer, type: 'f32', rows: 2, dims: 4 } as const;
    const items = { ...queries, rows: 3 };
    const good = { queries, items, metric: 'dot', scores: { buffer, rows: 2, columns: 3 } } as const;
    const scales = { buffer, rows: 3, columns: 1 };
    const wrong = [
      { call: { ...good, items: { ...items, dims: 5 } }, message: /items to be f32 of 4 components; got f32 of 5/ },
      { call: { ...good, items: { ...items, type: 'f16' } }, message: /items to be f32 .* got f16/ },
      { call: { ...good, metric: 'hamming' }, message: /dot, cosine, euclidean for f32; got hamming/ },
      { call: { ...good, metric: 'euclidean', items: { ...items, scales } }, message: /no scales for euclidean/ },
      {
        call: { ...good, items: { ...items, scales: { ...scales, rows: 2 } } },
        message: /scales of items to be 3 × 1/,
      },
      { call: { ...good, scores: { buffer, rows: 3, columns: 2 } }, message: /scores to be 2 × 3; got 3 × 2/ },
      {
        call: { ...good, queries: { ...queries, rows: 257 }, scores: { buffer, rows: 257, columns: 3 } },
        message: /queries to be/,
      },
      { call: { ...good, queries: { ...queries, offset: 4 } }, message: /multiple of 256/ },
      {
        call: { ...good, queries: { ...queries, dims: 0 }, items: { ...items, dims: 0 } },
        message: /components; got 0/,
      },
    ] as const;
    for (const { call, message } of wrong) {
      await t.throwsAsync(dot.plan(launcher, call), { name: 'KernelError', code: 'INPUT_INVALID', message });
    }
    await t.notThrowsAsync(dot.plan(launcher, good));
  });
});

onEveryGpu('pairs', (check) => {
  for (const [type, metric] of kinds) {
    check(`${metric} of ${type} has the bits of dot, from whichever row the items start`, async (t, launcher) => {
      const dims = 5 * componentsOf(type) + 1;
      const [queries, items] = [random(seed, type, metric, 3, dims), random(~seed, type, metric, 200, dims)];
      const whole = await scorePanels(launcher, queries, items, { metric });
      const next = randomFrom(seed);
      const queryOf = Uint32Array.from({ length: 130 }, () => Math.floor(next() * 3));
      const rows = Uint32Array.from({ length: 130 }, () => Math.floor(next() * 200));
      using left = await uploadPanels(launcher, queries);
      using right = await uploadPanels(launcher, items);
      using queryOfLease = await launcher.upload(queryOf);
      using rowLease = await launcher.upload(rows.map((row) => row + 1000));
      using scoreLease = await launcher.upload(new Float32Array(130).fill(7));
      const column = (buffer: GPUBuffer) => ({ buffer, rows: 130, columns: 1 });
      using plan = await pairs.plan(launcher, {
        queries: left.panels,
        items: right.panels,
        metric,
        firstRow: 1000,
        queryOf: column(queryOfLease.buffer),
        rows: column(rowLease.buffer),
        scores: column(scoreLease.buffer),
        firstPair: 1,
        endPair: 129,
      });
      const [bytes] = await launcher.submit(plan.steps, [spanOfValues(scoreLease.buffer, 130)]);
      const expected = rows.map((row, pair) => bits(whole)[(queryOf[pair] ?? 0) * 200 + row] ?? 0);
      const seven = bits(Float32Array.of(7))[0]!;
      t.deepEqual([...new Uint32Array(bytes!)], [seven, ...expected.subarray(1, 129), seven]);
    });
  }

  check('more workgroups than one dimension can count are spread over two', async (t, _, { narrow }) => {
    const count = 6 * 64 + 1;
    using queries = await uploadPanels(narrow, f32(1, Float32Array.of(2, 3)));
    using items = await uploadPanels(narrow, f32(1, Float32Array.of(5, 7)));
    using queryOfLease = await narrow.upload(Uint32Array.from({ length: count }, (_, at) => at % 2));
    using rowLease = await narrow.upload(Uint32Array.from({ length: count }, (_, at) => (at >> 1) % 2));
    using scoreLease = await narrow.scratch(count * 4);
    const column = (buffer: GPUBuffer) => ({ buffer, rows: count, columns: 1 });
    using plan = await pairs.plan(narrow, {
      queries: queries.panels,
      items: items.panels,
      metric: 'dot',
      firstRow: 0,
      queryOf: column(queryOfLease.buffer),
      rows: column(rowLease.buffer),
      scores: column(scoreLease.buffer),
      firstPair: 0,
      endPair: count,
    });
    t.true((plan.steps[0]?.workgroups[1] ?? 0) > 1);
    const [bytes] = await narrow.submit(plan.steps, [spanOfValues(scoreLease.buffer, count)]);
    const expected = [10, 15, 14, 21];
    t.is(
      new Float32Array(bytes!).findIndex((score, at) => score !== expected[at % 4]),
      -1,
    );
  });
});
