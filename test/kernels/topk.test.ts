import { fc } from '@fast-check/ava';
import { packPanels, topk, type ElementType, type HostPanels, type Metric } from '../../kernels/index.ts';
import { topkWithin } from '../../kernels/topk/topk.ts';
import { spanOfValues } from './calls.ts';
import { onEveryGpu } from './gpus.ts';
import { askTopk, bitmap, difference, equalsReference, type TopkQuestion } from './topk-calls.ts';
import { bits, randomFrom, reals, wholes } from './vectors.ts';

const seed = 20261124;
const fixture = (name: string): URL => new URL(name, import.meta.url);

type Floats = Float32Array<ArrayBuffer>;

/** Packed as they are; whole numbers up to 4 are exact in each type but `i8`, whose scales stay powers of two here. */
function panels(type: ElementType, vectors: Floats, dims: number): HostPanels {
  const packed = packPanels(vectors, { type, columns: dims });
  return type === 'i8' ? { ...packed, scales: new Float32Array(packed.rows).fill(0.5) } : packed;
}

/** Vectors cut into segments after the rows named. */
function segments(type: ElementType, vectors: Floats, dims: number, cuts: readonly number[] = []): HostPanels[] {
  const ends = [...cuts, vectors.length / dims];
  return ends.map((end, index) => panels(type, vectors.slice((cuts[index - 1] ?? 0) * dims, end * dims), dims));
}

/** One of each family: every type and metric has its own tests of scores, and each compiles anew. */
const metrics: readonly (readonly [ElementType, Metric])[] = [
  ['f32', 'dot'],
  ['f16', 'cosine'],
  ['i8', 'euclidean'],
  ['b1', 'hamming'],
  ['b1', 'jaccard'],
];

onEveryGpu('topk', (check) => {
  check('keys compare as the order of results says, both zeros equal, all NaN equal and last', async (t, launcher) => {
    const finite = [3e38, 1, 2 ** -120, 2 ** -126, 0, -(2 ** -126), -1, -3e38];
    const values = Float32Array.of(Infinity, ...finite, -Infinity, NaN, -0);
    const nan = Uint32Array.of(0xffffffff, 0x7f800001);
    using lease = await launcher.upload(Uint32Array.of(...bits(values), ...nan));
    const pipeline = await launcher.pipeline({
      files: ['../../kernels/topk/order-key.wgsl', 'fixtures/keys.wgsl'].map(fixture),
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

  for (const [type, metric] of metrics) {
    check(`${type} by ${metric}: rows and scores equal the float64 reference, ties too`, async (t, launcher) => {
      const dims = type === 'b1' ? 100 : 9;
      const [queries, items] = [wholes(seed, dims), wholes(~seed, 300 * dims)];
      const question = { queries: panels(type, queries, dims), metric };
      for (const k of [1, 5, 64, 301]) {
        const asked = { ...question, items: segments(type, items, dims), k };
        equalsReference(t, await askTopk(launcher, asked), asked, `${k} best of one segment`);
      }
      const cut = { ...question, items: segments(type, items, dims, [64, 64, 192]), k: 7 };
      const allowed = bitmap(300, (row) => row % 3 === 0);
      equalsReference(t, await askTopk(launcher, cut), cut, 'of four segments');
      const some = { ...cut, allowed, k: 101 };
      equalsReference(t, await askTopk(launcher, some), some, 'of those allowed');
    });
  }

  check('tiles of one query and of many, full and not, answer alike at the edges of bins', async (t, launcher) => {
    for (const [queryCount, counts] of [
      [1, [1, 63, 64, 65, 129]],
      [4, [65]],
      [20, [65, 128]],
    ] as const) {
      for (const count of counts) {
        const question = {
          queries: panels('f32', wholes(seed + count, queryCount * 4), 4),
          items: segments('f32', wholes(~seed, count * 4), 4),
          metric: 'dot' as const,
          k: 5,
        };
        equalsReference(t, await askTopk(launcher, question), question, `${queryCount} queries, ${count} items`);
      }
    }
  });

  check('k up to 10,000 is exact, and beyond the items marked', async (t, launcher) => {
    const question = {
      queries: panels('f32', wholes(seed, 2 * 4), 4),
      items: segments('f32', wholes(~seed, 3000 * 4), 4),
      metric: 'dot' as const,
    };
    for (const k of [257, 1024, 2049, 3001, 10_000]) {
      equalsReference(t, await askTopk(launcher, { ...question, k }), { ...question, k }, `k ${k}`);
    }
  });

  check('more bins than one workgroup selects from are all searched', async (t, launcher) => {
    // Bits, for many items in little memory: 8,200 bins.
    const count = 8199 * 64 + 5;
    const random = randomFrom(seed);
    const items = panels('b1', new Float32Array(64 * 128), 128);
    const words = new Uint32Array(Math.ceil(count / 64) * 256);
    for (let at = 0; at < words.length; at++) words[at] = random() * 2 ** 32;
    const many = { ...items, rows: count, words };
    const queries = panels('b1', reals(seed, 128), 128);
    const allowed = bitmap(count, (row) => row % 7 !== 0);
    const actual = await askTopk(launcher, { queries, items: [many], metric: 'hamming', k: 300, allowed });
    const scores = Array.from({ length: count }, (_, row) => {
      const first = Math.floor(row / 64) * 256 + (row % 64) * 4;
      let bitsApart = 0;
      for (let w = 0; w < 4; w++) bitsApart += ones((words[first + w] ?? 0) ^ (queries.words[w] ?? 0));
      return -bitsApart;
    });
    const best = Uint32Array.from(scores.keys())
      .filter((row) => row % 7 !== 0)
      .sort((a, b) => scores[b]! - scores[a]! || a - b);
    t.is(difference(actual.rows, best.subarray(0, 300)), -1);
  });

  check(
    `any scores are ordered: NaN last, infinities first and last, zeros tied (seed ${seed})`,
    async (t, launcher) => {
      const special = fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, 1, -1, 2 ** -120, 3e38, -3e38);
      const eighths = fc.integer({ min: -8000, max: 8000 }).map((value) => value / 8);
      const property = fc.asyncProperty(
        fc.array(fc.oneof(special, eighths), { minLength: 1, maxLength: 400 }),
        fc.integer({ min: 1, max: 410 }),
        fc.constantFrom(1, -1),
        async (scores, k, query) => {
          const question = {
            queries: panels('f32', Float32Array.of(query), 1),
            items: segments('f32', Float32Array.from(scores), 1),
            metric: 'dot' as const,
            k,
          };
          equalsReference(t, await askTopk(launcher, question), question, `${k} of ${scores.length}`);
        },
      );
      await fc.assert(property, { seed, numRuns: 40 });
    },
  );

  check(`any shape, segments and allowed rows are exact (seed ${seed})`, async (t, launcher) => {
    const shape = fc.record({
      queries: fc.constantFrom(1, 3, 20),
      counts: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
      last: fc.integer({ min: 0, max: 200 }),
      dims: fc.integer({ min: 1, max: 40 }),
      k: fc.integer({ min: 1, max: 300 }),
      share: fc.constantFrom(0, 0.01, 0.5, 1, undefined),
      vectors: fc.integer(),
    });
    const property = fc.asyncProperty(shape, async ({ queries, counts, last, dims, k, share, vectors }) => {
      const cuts = counts.map((_, index) => 64 * counts.slice(0, index + 1).reduce((sum, count) => sum + count, 0));
      const rows = (cuts.at(-1) ?? 0) + last;
      const random = randomFrom(vectors);
      const question: TopkQuestion = {
        queries: panels('f32', wholes(vectors, queries * dims), dims),
        items: segments('f32', wholes(~vectors, rows * dims), dims, cuts),
        metric: 'dot',
        k,
        ...(share !== undefined && { allowed: bitmap(rows, () => random() < share) }),
      };
      equalsReference(t, await askTopk(launcher, question), question, JSON.stringify({ queries, cuts, rows, k }));
    });
    await fc.assert(property, { seed, numRuns: 40 });
  });

  check('rows that may not be answered never are, however good; places left over are marked', async (t, launcher) => {
    const vectors = Float32Array.from({ length: 200 }, (_, row) => (row === 70 || row === 3 ? 1000 : row));
    const question = {
      queries: panels('f32', Float32Array.of(1), 1),
      items: segments('f32', vectors, 1),
      metric: 'dot' as const,
      k: 4,
    };
    const allowed = bitmap(200, (row) => row !== 70 && row !== 3);
    t.deepEqual([...(await askTopk(launcher, { ...question, allowed })).rows], [199, 198, 197, 196]);
    const few = await askTopk(launcher, { ...question, allowed: bitmap(200, (row) => row === 130 || row === 2) });
    t.deepEqual([...few.rows], [130, 2, 0xffffffff, 0xffffffff]);
    t.deepEqual([...few.scores], [130, 2, NaN, NaN]);
    const none = await askTopk(launcher, { ...question, allowed: bitmap(200, () => false) });
    t.deepEqual([...none.rows], Array(4).fill(0xffffffff));
  });

  check('a score that is NaN is answered before a place is left over', async (t, launcher) => {
    const items = segments('f32', Float32Array.of(NaN, 1, NaN), 1);
    const queries = panels('f32', Float32Array.of(1), 1);
    const { rows, scores } = await askTopk(launcher, { queries, items, metric: 'dot', k: 4 });
    t.deepEqual([...rows], [1, 0, 2, 0xffffffff]);
    t.deepEqual([...scores], [1, NaN, NaN, NaN]);
  });

  check('queries in groups that share scratch memory do not disturb each other', async (t, launcher) => {
    const question = {
      queries: panels('f32', wholes(seed, 20 * 4), 4),
      items: segments('f32', wholes(~seed, 500 * 4), 4),
      metric: 'dot' as const,
      k: 10,
    };
    const expected = await askTopk(launcher, question);
    for (const scratchBytes of [0, 4 * (8 + 16 + 512 + 20) * 4]) {
      t.deepEqual(await askTopk(launcher, question, topkWithin(scratchBytes)), expected);
    }
  });

  check('more tiles than one dimension of a dispatch can count are all searched', async (t, _, { narrow }) => {
    // 7 bins, 7 of them scored again for each of 2 queries, 4 workgroups to a dimension.
    for (const k of [1, 6, 449]) {
      const question = {
        queries: panels('f32', wholes(seed, 2 * 4), 4),
        items: segments('f32', wholes(~seed, (6 * 64 + 3) * 4), 4),
        metric: 'dot' as const,
        k,
      };
      equalsReference(t, await askTopk(narrow, question), question, `k ${k}`);
    }
  });

  check('the same call gives the same bits, and each query those that it has alone', async (t, launcher) => {
    const [queries, items] = [reals(seed, 20 * 37), reals(~seed, 1000 * 37)];
    const question = { items: segments('f32', items, 37), metric: 'dot' as const, k: 50 };
    const together = await askTopk(launcher, { ...question, queries: panels('f32', queries, 37) });
    t.deepEqual(await askTopk(launcher, { ...question, queries: panels('f32', queries, 37) }), together);
    const alone = await askTopk(launcher, { ...question, queries: panels('f32', queries.slice(0, 37), 37) });
    t.deepEqual([...alone.rows], [...together.rows.subarray(0, 50)]);
    t.deepEqual([...alone.scores], [...together.scores.subarray(0, 50)]);
  });

  check('no queries is an empty answer, no items one of marks', async (t, launcher) => {
    const items = segments('f32', reals(seed, 8), 4);
    const queries = panels('f32', reals(seed, 8), 4);
    const none = panels('f32', new Float32Array(0), 4);
    t.is((await askTopk(launcher, { queries: none, items, metric: 'dot', k: 1 })).rows.length, 0);
    for (const empty of [[], [none], [none, none]]) {
      const { rows } = await askTopk(launcher, { queries, items: empty, metric: 'dot', k: 2 });
      t.deepEqual([...rows], Array(4).fill(0xffffffff));
    }
  });

  check('shapes and options that contradict each other are refused by name', async (t, launcher) => {
    using lease = await launcher.scratch(65_536);
    const { buffer } = lease;
    const panel = { buffer, type: 'f32' as const, rows: 64, dims: 4 };
    const best = { buffer, rows: 64, columns: 3 };
    const good = { queries: panel, items: [panel], metric: 'dot' as const, k: 3, rows: best, scores: best };
    const wrong = [
      ...[0, -1, 1.5, NaN].map((k) => ({ call: { ...good, k }, message: /k to be an integer from 1 up/ })),
      ...[0, 1.1, NaN].map((recallTarget) => ({ call: { ...good, recallTarget }, message: /recallTarget to be/ })),
      { call: { ...good, rows: { ...best, columns: 2 } }, message: /rows to be 64 × 3; got 64 × 2/ },
      { call: { ...good, items: [{ ...panel, rows: 63 }, panel] }, message: /whole panels.*63 rows in segment 0/ },
      { call: { ...good, items: [{ ...panel, type: 'f16' as const }] }, message: /items to be f32/ },
      { call: { ...good, metric: 'hamming' as const }, message: /metric of dot, cosine, euclidean for f32/ },
      { call: { ...good, allowed: { buffer, rows: 1, columns: 1 } }, message: /allowed to be 2 × 1; got 1 × 1/ },
    ];
    for (const { call, message } of wrong) {
      await t.throwsAsync(topk.plan(launcher, call), { name: 'KernelError', code: 'INPUT_INVALID', message });
    }
    using plan = await topk.plan(launcher, good);
    t.true(plan.steps.length > 0);
  });
});

function ones(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}
