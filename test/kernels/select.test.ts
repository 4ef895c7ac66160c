import { fc } from '@fast-check/ava';
import { merge, type Launcher } from '../../kernels/index.ts';
import { Leases } from '../../kernels/buffers/leases.ts';
import { leaseOrder, orderSteps } from '../../kernels/topk/order.ts';
import { mergeReference } from '../../kernels/topk/reference.ts';
import { leaseSelect, selectSteps } from '../../kernels/topk/select/select.ts';
import { spanOfValues } from './calls.ts';
import { onEveryGpu } from './gpus.ts';
import { randomFrom } from './vectors.ts';

const seed = 20261124;

type Words = Uint32Array<ArrayBuffer>;

async function runSelect(launcher: Launcher, keys: Words, columns: number, k: number): Promise<Words[]> {
  const rows = keys.length / columns;
  using lease = await launcher.upload(keys);
  using leases = new Leases(launcher);
  const positions = await leases.words(rows * k);
  const selected = await leases.words(rows * k);
  const call = { keys: spanOfValues(lease.buffer, keys.length), rows, columns, k, positions, selected };
  const steps = await selectSteps(launcher, call, await leaseSelect(leases, rows, columns));
  return (await launcher.submit(steps, [positions, selected])).map((bytes) => new Uint32Array(bytes));
}

/** Positions of the k greatest, of equal ones the first, ascending. */
function selected(keys: Words, k: number): number[] {
  const order = [...keys.keys()].sort((a, b) => (keys[b] ?? 0) - (keys[a] ?? 0) || a - b);
  return order.slice(0, k).sort((a, b) => a - b);
}

/** Where two lists first differ; -1: nowhere. Of long lists `deepEqual` takes seconds. */
function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Math.min(actual.length, expected.length);
  for (let at = 0; at < actual.length; at++) if (actual[at] !== expected[at]) return at;
  return -1;
}

const spreads = {
  'far apart': (random: () => number) => random() * 2 ** 32,
  'of few values': (random: () => number) => (random() < 0.01 ? 0xffffffff : Math.floor(random() * 3)),
  'equal but for the last bits': (random: () => number) => 0xbf000000 + Math.floor(random() * 40),
  'all the same': () => 7,
} satisfies Record<string, (random: () => number) => number>;

onEveryGpu('select', (check) => {
  check('the greatest keys are selected, of equal ones the first, whatever the rows are long', async (t, launcher) => {
    const cases = [
      ['far apart', 2, 1, [1]],
      ['far apart', 3, 1024, [1, 64, 1024]],
      ['far apart', 2, 1025, [65]],
      ['far apart', 1, 8192, [100]],
      ['far apart', 1, 8193, [1, 8193]],
      ['far apart', 2, 10_000, [100]],
      ['of few values', 2, 700, [50]],
      ['of few values', 1, 8200, [200]],
      ['equal but for the last bits', 2, 700, [50]],
      ['equal but for the last bits', 1, 8200, [4000]],
      ['all the same', 1, 1100, [300]],
      ['all the same', 1, 8200, [4097]],
    ] as const;
    for (const [name, rows, columns, ks] of cases) {
      const random = randomFrom(seed);
      const keys = Uint32Array.from({ length: rows * columns }, () => spreads[name](random));
      for (const k of ks) {
        const [positions, values] = await runSelect(launcher, keys, columns, k);
        const expected = Array.from({ length: rows }, (_, row) =>
          selected(keys.subarray(row * columns, (row + 1) * columns), k),
        ).flat();
        t.is(difference(positions!, expected), -1, `${k} of ${columns} ${name}`);
        const taken = expected.map((at, index) => keys[Math.floor(index / k) * columns + at] ?? 0);
        t.is(difference(values!, taken), -1, `keys of ${k} of ${columns} ${name}`);
      }
    }
  });

  check('more chunks than one dimension of a dispatch can count are all selected from', async (t, _, { narrow }) => {
    const keys = Uint32Array.from({ length: 8200 }, (__, at) => (at * 7919) % 8200);
    const [positions] = await runSelect(narrow, keys, 8200, 4100);
    t.is(difference(positions!, selected(keys, 4100)), -1);
  });
});

onEveryGpu('order', (check) => {
  check('candidates are put in order by key and then position, up to 10,000 of them', async (t, launcher) => {
    const random = randomFrom(seed);
    const greatest = 0xbf800000;
    for (const places of [1, 64, 256, 257, 2048, 2049, 10_000]) {
      for (const count of new Set([places, Math.ceil(places / 3)])) {
        const queries = places > 2048 ? 1 : 2;
        const keys = Uint32Array.from({ length: queries * count }, () => greatest - Math.floor(random() * count));
        const positions = Uint32Array.from({ length: queries * count }, (_, at) => (at % count) * 3);
        using leases = new Leases(launcher);
        using keyLease = await launcher.upload(keys);
        using positionLease = await launcher.upload(positions);
        using origins = await launcher.upload(Uint32Array.from({ length: queries * count }, (_, at) => at * 10));
        const [rows, scores] = [await leases.words(queries * places), await leases.words(queries * places)];
        const steps = await orderSteps(
          launcher,
          {
            queries,
            count,
            keys: spanOfValues(keyLease.buffer, keys.length),
            positions: spanOfValues(positionLease.buffer, keys.length),
            origins: { span: spanOfValues(origins.buffer, keys.length), stride: count, each: 3 },
            firstQuery: 0,
            places,
            rows,
            scores,
          },
          await leaseOrder(leases, queries, places),
        );
        const [bestRows, bestScores] = (await launcher.submit(steps, [rows, scores])).map(
          (bytes) => new Uint32Array(bytes),
        );
        const expectedRows = new Uint32Array(queries * places).fill(0xffffffff);
        const expectedScores = new Uint32Array(queries * places).fill(0x7fc00000);
        for (let query = 0; query < queries; query++) {
          const own = keys.subarray(query * count, (query + 1) * count);
          const order = Uint32Array.from(own.keys()).sort((a, b) => (own[b] ?? 0) - (own[a] ?? 0) || a - b);
          expectedRows.set(
            order.map((at) => (query * count + at) * 30),
            query * places,
          );
          expectedScores.set(
            order.map((at) => (own[at] ?? 0) - 0x80000000),
            query * places,
          );
        }
        t.is(difference(bestRows!, expectedRows), -1, `rows of ${count} in ${places}`);
        t.is(difference(bestScores!, expectedScores), -1, `scores of ${count} in ${places}`);
      }
    }
  });
});

onEveryGpu('merge', (check) => {
  check(`the best of any sorted parts, ties by part, marked places last (seed ${seed})`, async (t, launcher) => {
    const score = fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, 1, 2, 3, -1);
    const shape = fc.record({
      queries: fc.integer({ min: 1, max: 3 }),
      parts: fc.integer({ min: 1, max: 5 }),
      length: fc.integer({ min: 1, max: 30 }),
    });
    const property = fc.asyncProperty(
      shape,
      fc.array(score, { minLength: 450, maxLength: 450 }),
      fc.integer({ min: 0, max: 30 }),
      async ({ queries, parts, length }, pool, marked) => {
        const lists = Array.from({ length: queries * parts }, (_, list) =>
          sortedList(pool.slice(list * length, (list + 1) * length), list % 2 === 0 ? marked : 0),
        );
        const rows = Uint32Array.from(lists.flatMap((list) => list.rows));
        const scores = Float32Array.from(lists.flatMap((list) => list.scores));
        const places = Math.ceil((parts * length) / 2);
        const firsts = Uint32Array.from({ length: parts }, (_, part) => part * 1000);
        const expected = mergeReference(rows, scores, { parts, queries, length, places });
        for (const numbered of [true, false]) {
          const best = await runMerge(launcher, { rows, scores, firsts, parts, queries, length, places, numbered });
          const numbers = expected.rows.map((row, at) =>
            row === 0xffffffff || !numbered ? row : row + (expected.parts[at] ?? 0) * 1000,
          );
          t.deepEqual(best.rows, numbers);
          t.deepEqual(best.scores, expected.scores);
          if (!numbered) t.deepEqual(best.parts, expected.parts);
        }
      },
    );
    await fc.assert(property, { seed, numRuns: 30 });
  });

  check('shapes that contradict each other are refused by name', async (t, launcher) => {
    using lease = await launcher.scratch(4096);
    const matrix = (rows: number, columns: number) => ({ buffer: lease.buffer, rows, columns });
    const good = {
      parts: 2,
      rows: matrix(4, 5),
      scores: matrix(4, 5),
      bestRows: matrix(2, 10),
      bestScores: matrix(2, 10),
    };
    const wrong = [
      { call: { ...good, parts: 0 }, message: /one part or more/ },
      { call: { ...good, rows: matrix(3, 5) }, message: /rows to be 4 × 5/ },
      { call: { ...good, bestRows: matrix(2, 11), bestScores: matrix(2, 11) }, message: /at most 2 × 5 places/ },
      { call: { ...good, firsts: matrix(1, 1) }, message: /firsts to be 2 × 1/ },
      { call: { ...good, bestParts: matrix(1, 1) }, message: /bestParts to be 2 × 10/ },
    ];
    for (const { call, message } of wrong) {
      await t.throwsAsync(merge.plan(launcher, call), { code: 'INPUT_INVALID', message });
    }
  });
});

function sortedList(values: readonly number[], marked: number): { rows: number[]; scores: number[] } {
  const kept = values.slice(0, Math.max(0, values.length - marked)).sort((a, b) => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return b - a || 0;
  });
  return {
    rows: values.map((_, at) => (at < kept.length ? at : 0xffffffff)),
    scores: values.map((_, at) => kept[at] ?? NaN),
  };
}

interface MergeShape {
  readonly rows: Words;
  readonly scores: Float32Array<ArrayBuffer>;
  readonly firsts: Words;
  readonly parts: number;
  readonly queries: number;
  readonly length: number;
  readonly places: number;
  /** Whether rows count from `firsts`; else the parts are asked for. */
  readonly numbered: boolean;
}

async function runMerge(launcher: Launcher, shape: MergeShape) {
  const { parts, queries, length, places, numbered } = shape;
  using rowLease = await launcher.upload(shape.rows);
  using scoreLease = await launcher.upload(shape.scores);
  using firstLease = await launcher.upload(shape.firsts);
  using leases = new Leases(launcher);
  const [bestRows, bestScores, bestParts] = [
    await leases.words(queries * places),
    await leases.words(queries * places),
    await leases.words(queries * places),
  ];
  const best = (span: { buffer: GPUBuffer }) => ({ buffer: span.buffer, rows: queries, columns: places });
  using plan = await merge.plan(launcher, {
    parts,
    rows: { buffer: rowLease.buffer, rows: parts * queries, columns: length },
    scores: { buffer: scoreLease.buffer, rows: parts * queries, columns: length },
    bestRows: best(bestRows),
    bestScores: best(bestScores),
    ...(numbered ? { firsts: { buffer: firstLease.buffer, rows: parts, columns: 1 } } : { bestParts: best(bestParts) }),
  });
  const bytes = await launcher.submit(plan.steps, [bestRows, bestScores, bestParts]);
  return {
    rows: new Uint32Array(bytes[0]!),
    scores: new Float32Array(bytes[1]!),
    parts: new Uint32Array(bytes[2]!),
  };
}
