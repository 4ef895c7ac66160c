import type { ExecutionContext } from 'ava';
import { dot, packPanels, type ElementType, type HostPanels, type Launcher, type Metric } from '../../kernels/index.ts';
import { matrixShape } from '../../kernels/gemm/matrix/shape.ts';
import { vectorsOf } from '../../kernels/tile/vectors.ts';
import { repairing, slackOf } from '../../kernels/topk/matrix.ts';
import { spanOfValues } from './calls.ts';
import { uploadPanels } from './panel-calls.ts';
import { TILE_SHAPES } from '../../kernels/tile/shape.ts';
import { onEveryGpu } from './gpus.ts';
import { askTopk, bitmap, difference } from './topk-calls.ts';
import { bits, randomFrom, reals } from './vectors.ts';

const seed = 20261124;
const dims = 40;

type Floats = Float32Array<ArrayBuffer>;

/** Norm 1; of bytes the scales make it so. */
function panels(type: ElementType, vectors: Floats): HostPanels {
  return packPanels(vectors, { type, columns: dims, normalize: true });
}

interface Question {
  readonly type: 'f16' | 'i8';
  readonly metric?: Metric;
  readonly queries?: number;
  readonly items: Floats;
  readonly cuts?: readonly number[];
  readonly k: number;
  readonly allowed?: Uint32Array<ArrayBuffer>;
}

/** Asserts that tensor cores choose what a tile in the order of components does: rows, and the bits of scores. */
async function same(t: ExecutionContext, launcher: Launcher, question: Question, one = launcher): Promise<void> {
  const { type, metric = 'cosine', queries = 20, items, cuts = [], k, allowed } = question;
  const ends = [...cuts, items.length / dims];
  const asked = {
    queries: panels(type, reals(seed, queries * dims)),
    items: ends.map((end, index) => panels(type, items.slice((cuts[index - 1] ?? 0) * dims, end * dims))),
    metric,
    k,
    ...(allowed !== undefined && { allowed }),
  };
  const expected = await askTopk(launcher, { ...asked, shape: TILE_SHAPES.stream8 });
  const actual = await askTopk(one, { ...asked, normalized: true });
  t.is(difference(actual.rows, expected.rows), -1, `rows: ${k} best of ${type}`);
  t.is(difference(bits(actual.scores), bits(expected.scores)), -1, `scores: ${k} best of ${type}`);
}

/** Items that differ from one another by less than the sums of tensor cores are off. */
function near(count: number): Floats {
  const base = reals(seed, dims);
  const random = randomFrom(~seed);
  return Float32Array.from(
    { length: count * dims },
    (_, at) => (base[at % dims] ?? 0) * (1 + (random() - 0.5) / 16_384),
  );
}

/** The key of a score (order-key.wgsl). */
function keyOf(score: number): number {
  const [word = 0] = bits(Float32Array.of(score));
  return (word & 0x80000000) === 0 ? (word | 0x80000000) >>> 0 : ~word >>> 0;
}

/** The k bins of greatest key, of equal ones the first, in order of position. */
function bestBins(keys: Uint32Array, k: number): number[] {
  const order = [...keys.keys()].toSorted((a, b) => (keys[b] ?? 0) - (keys[a] ?? 0) || a - b);
  return order.slice(0, k).toSorted((a, b) => a - b);
}

onEveryGpu('topk by subgroup matrices', (check) => {
  check('maxima that are as far off as tensor cores may be are made exact where it matters', async (t, launcher) => {
    const [count, bins, k] = [2000, 32, 5];
    const [queries, items] = [panels('f16', reals(seed, 3 * dims)), panels('f16', near(count))];
    using left = await uploadPanels(launcher, queries);
    using right = await uploadPanels(launcher, items);
    using scores = await launcher.scratch(3 * count * 4);
    const output = { buffer: scores.buffer, rows: 3, columns: count };
    using scoring = await dot.plan(launcher, {
      queries: left.panels,
      items: right.panels,
      metric: 'cosine',
      scores: output,
      shape: TILE_SHAPES.stream8,
    });
    const [bytes] = await launcher.submit(scoring.steps, [spanOfValues(scores.buffer, 3 * count)]);
    const canonical = new Float32Array(bytes!);
    const random = randomFrom(seed);
    const exact: Uint32Array[] = [];
    const off = new Uint32Array(3 * bins);
    const kept: number[] = [];
    for (let query = 0; query < 3; query++) {
      const own = canonical.subarray(query * count, (query + 1) * count);
      const best = Float32Array.from({ length: bins }, (_, bin) => Math.max(...own.subarray(bin * 64, bin * 64 + 64)));
      exact.push(Uint32Array.from(best, keyOf));
      off.set(
        Array.from(best, (score) => keyOf(score + (random() - 0.5) * 0.95 * slackOf(dims))),
        query * bins,
      );
      const keys = off.subarray(query * bins, (query + 1) * bins);
      kept.push(...bestBins(keys, k).map((bin) => keys[bin] ?? 0));
    }
    using maxima = await launcher.upload(off);
    using keys = await launcher.upload(Uint32Array.from(kept));
    using thresholds = await launcher.scratch(3 * 4);
    const vectors = vectorsOf({ queries: left.panels, items: right.panels, metric: 'cosine' });
    const unused = vectors.bindings[0] ?? t.fail();
    const segment = { vectors, unused, rows: count, firstRow: 0 };
    const repair = await repairing(launcher, [segment], { allowed: undefined, bins, dims });
    const spans = {
      keys: spanOfValues(keys.buffer, 3 * k),
      kept: k,
      thresholds: spanOfValues(thresholds.buffer, 3),
      maxima: spanOfValues(maxima.buffer, 3 * bins),
    };
    const [repaired] = await launcher.submit(repair(0, 3, spans), [spans.maxima]);
    for (const [query, own] of exact.entries()) {
      const found = new Uint32Array(repaired!).subarray(query * bins, (query + 1) * bins);
      const wanted = bestBins(own, k);
      t.deepEqual(bestBins(found, k), wanted);
      for (const bin of wanted) t.is(found[bin], own[bin]);
      // The control: before, they were not.
      t.notDeepEqual(bestBins(off.subarray(query * bins, (query + 1) * bins), k), wanted);
    }
  });

  check('where fewer bins than wanted have an item, those without one are not scored again', async (t, launcher) => {
    const [queries, items] = [panels('f16', reals(seed, dims)), panels('f16', reals(~seed, 3 * 64 * dims))];
    using left = await uploadPanels(launcher, queries);
    using right = await uploadPanels(launcher, items);
    // Of three bins two are wanted, and one has an item: the others stay as they are.
    using maxima = await launcher.upload(Uint32Array.of(0, keyOf(0.5), 0));
    using keys = await launcher.upload(Uint32Array.of(0, keyOf(0.5)));
    using thresholds = await launcher.scratch(4);
    const vectors = vectorsOf({ queries: left.panels, items: right.panels, metric: 'cosine' });
    const segment = { vectors, unused: vectors.bindings[0] ?? t.fail(), rows: 3 * 64, firstRow: 0 };
    const repair = await repairing(launcher, [segment], { allowed: undefined, bins: 3, dims });
    const spans = {
      keys: spanOfValues(keys.buffer, 2),
      kept: 2,
      thresholds: spanOfValues(thresholds.buffer, 1),
      maxima: spanOfValues(maxima.buffer, 3),
    };
    const [repaired] = await launcher.submit(repair(0, 1, spans), [spans.maxima]);
    const [first, second, third] = new Uint32Array(repaired!);
    t.deepEqual([first, third], [0, 0]);
    t.not(second, keyOf(0.5));
  });

  function checkMatrices(title: string, body: Parameters<typeof check>[1]): void {
    check(title, async (t, launcher, others) => {
      if (matrixShape(launcher.device, 'f16', 20) !== undefined) await body(t, launcher, others);
      else t.pass('The device has none, so the answers are those of tiles.');
    });
  }

  checkMatrices(
    'answers have the rows and bits of tiles, for any k, segments and items allowed',
    async (t, launcher) => {
      const items = reals(~seed, 1000 * dims);
      for (const type of ['f16', 'i8'] as const) {
        for (const k of [1, 10, 300, 1001]) await same(t, launcher, { type, items, k });
        await same(t, launcher, { type, items, cuts: [64, 64, 192], k: 10 });
        const allowed = bitmap(1000, (row) => row % 3 === 0 && (row < 128 || row > 400));
        await same(t, launcher, { type, items, k: 200, allowed });
        await same(t, launcher, { type, metric: 'dot', items: items.slice(0, 65 * dims), queries: 17, k: 5 });
      }
    },
  );

  checkMatrices(
    'items nearer to each other than the errors of sums, equal ones too, are in order',
    async (t, launcher) => {
      for (const k of [1, 20, 100]) {
        await same(t, launcher, { type: 'f16', items: near(2000), k });
        await same(t, launcher, {
          type: 'f16',
          items: Float32Array.from({ length: 700 * dims }, (_, at) => at % dims),
          k,
        });
      }
    },
  );

  checkMatrices('vectors without a direction are last', async (t, launcher) => {
    const items = reals(~seed, 400 * dims);
    items[70 * dims] = NaN;
    items.fill(Infinity, 200 * dims, 330 * dims);
    items.fill(0, 10 * dims, 12 * dims);
    for (const type of ['f16', 'i8'] as const) for (const k of [5, 400]) await same(t, launcher, { type, items, k });
  });

  checkMatrices(
    'more tiles and bins than one dimension can count are all searched',
    async (t, launcher, { narrow }) => {
      const items = reals(~seed, 900 * dims);
      for (const type of ['f16', 'i8'] as const) await same(t, launcher, { type, items, queries: 16, k: 1 }, narrow);
    },
  );
});
