/** What every VectorStore must do, wherever its vectors lie. */
import { fc } from '@fast-check/ava';
import test, { type ExecutionContext } from 'ava';
import { NO_ROW, type VectorStore } from '../../../core/collection/contract.ts';
import { CoreError } from '../../../core/errors.ts';
import type { ElementType, Metric } from '../../../kernels/index.ts';
import type { Stores } from '../../../core/collection/stores.ts';
import { precedes } from '../../../core/similarity/order.ts';
import { bitmapOf, checkBest, dataOf, isNear, kinds } from './nearest.ts';

export interface Subject {
  readonly name: string;
  readonly stores: Stores | undefined;
  /** Why it can't run on this machine. */
  readonly skip: string | undefined;
  /** Default: all that go together. */
  readonly serves?: (type: ElementType, metric: Metric) => boolean;
}

const seed = 20261124;
const dims = 3;
const rescored = [
  ['i8', 'dot'],
  ['b1', 'cosine'],
] as const;
/** Of the searches by every type and metric: several segments, and bins that are not full. */
const ROWS = 333;
/** Whole numbers: their dot products are exact in float32, and full of ties. */
const vector = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: dims, maxLength: dims });

export function storeConformance({ name, stores, skip, serves = () => true }: Subject): void {
  if (stores === undefined) {
    test.skip(`${name} conforms, but not on this machine: ${skip}`, () => {});
    return;
  }
  test.after.always(() => stores.dispose());

  const check = (title: string, body: (t: ExecutionContext, store: VectorStore) => Promise<void>) => {
    test.serial(`${name}: ${title}`, async (t) => {
      t.timeout(60_000);
      const store = await stores.open({ dims, type: 'f32', metric: 'dot', rescore: false });
      try {
        await body(t, store);
      } finally {
        await store.dispose();
      }
    });
  };

  check('an empty store answers with no rows', async (t, store) => {
    t.is(store.size, 0);
    t.is(store.dims, dims);
    const best = await store.topK(Float32Array.of(1, 2, 3), { k: 5 });
    t.deepEqual([best.k, best.rows.length, best.scores.length], [0, 0, 0]);
    t.is((await store.score(new Float32Array(0), new Uint32Array(0), new Uint32Array(0))).length, 0);
    await store.keep(new Uint32Array(0));
    t.is(store.size, 0);
  });

  check('no queries are no answers', async (t, store) => {
    await append(store, [[1, 2, 3]]);
    t.is((await store.topK(new Float32Array(0), { k: 5 })).rows.length, 0);
    t.is((await store.score(new Float32Array(0), new Uint32Array(0), new Uint32Array(0))).length, 0);
  });

  check('NaN stands last, infinities first and before it, and ties in row order', async (t, store) => {
    const values = [1, NaN, Infinity, 1, -Infinity, 0, -0, NaN];
    await append(
      store,
      values.map((value) => [value, 0, 0]),
    );
    const { rows } = await store.topK(Float32Array.of(1, 0, 0), { k: 8 });
    t.deepEqual([...rows], [2, 0, 3, 5, 6, 4, 1, 7]);
  });

  check('more is asked than there is: all rows, in order', async (t, store) => {
    await append(store, [
      [1, 0, 0],
      [3, 0, 0],
      [2, 0, 0],
    ]);
    const best = await store.topK(Float32Array.of(1, 0, 0, -1, 0, 0), { k: 10 });
    t.is(best.k, 3);
    t.deepEqual([...best.rows], [1, 2, 0, 0, 2, 1]);
    t.deepEqual([...best.scores], [3, 2, 1, -1, -2, -3]);
  });

  check('only allowed rows are answered, and places without one are marked', async (t, store) => {
    await append(
      store,
      Array.from({ length: 250 }, (_, row) => [row % 7, 0, 0]),
    );
    const allowed = new Uint32Array(8);
    for (const row of [3, 31, 32, 107, 249]) allowed[row >> 5]! |= 1 << (row & 31);
    const best = await store.topK(Float32Array.of(1, 0, 0, -1, 0, 0), { k: 7, allowed });
    t.deepEqual([...best.rows.subarray(0, 7)], [32, 249, 3, 31, 107, NO_ROW, NO_ROW]);
    t.deepEqual([...best.scores.subarray(0, 7)], [4, 4, 3, 3, 2, NaN, NaN]);
    t.deepEqual([...best.rows.subarray(7, 10)], [107, 3, 31]);
    const none = await store.topK(Float32Array.of(1, 0, 0), { k: 2, allowed: new Uint32Array(0) });
    t.deepEqual([...none.rows], [NO_ROW, NO_ROW]);
  });

  check('a row that is not there is refused', async (t, store) => {
    await append(store, [[1, 2, 3]]);
    const asked = async () => store.score(Float32Array.of(1, 1, 1), Uint32Array.of(0, 0), Uint32Array.of(0, 1));
    await t.throwsAsync(asked, { instanceOf: CoreError, code: 'INPUT_INVALID', message: /below 1, got 1/ });
  });

  check('a search is explained', async (t, store) => {
    await append(store, [[1, 2, 3]]);
    const { backend, reason, steps, bytes, flops } = store.explain({ queries: 2, k: 1 });
    t.true(backend.length > 0 && reason.length > 0 && steps.length > 0);
    // Panels fill rows up to 16 bytes.
    t.true(bytes >= 12 && bytes <= 16);
    t.is(flops, 12);
  });

  check(`any writes, removals and searches answer as a plain list would (seed ${seed})`, async (t, store) => {
    const step = fc.oneof(
      fc.record({ append: fc.array(vector, { minLength: 1, maxLength: 300 }) }),
      fc.record({ overwrite: fc.array(fc.tuple(fc.nat(), vector), { minLength: 1, maxLength: 5 }) }),
      fc.record({ remove: fc.array(fc.nat(), { maxLength: 5 }), every: fc.integer({ min: 2, max: 9 }) }),
      fc.record({ queries: fc.array(vector, { minLength: 1, maxLength: 20 }), k: fc.integer({ min: 1, max: 90 }) }),
      fc.record({ pairs: fc.array(fc.tuple(vector, fc.nat()), { minLength: 1, maxLength: 20 }) }),
    );
    const property = fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      await store.keep(new Uint32Array(0));
      let model: number[][] = [];
      for (const each of steps) {
        if ('append' in each) {
          await append(store, each.append);
          model.push(...each.append);
        } else if ('remove' in each) {
          const gone = new Set(each.remove.map((value) => value % Math.max(1, model.length)));
          const kept = [...model.keys()].filter((row) => !gone.has(row) && row % each.every !== 0);
          await store.keep(Uint32Array.from(kept));
          model = kept.map((row) => model[row]!);
        } else if ('queries' in each) {
          const best = await store.topK(Float32Array.from(each.queries.flat()), { k: each.k });
          t.deepEqual(best, expectedBest(model, each.queries, each.k));
        } else if (model.length === 0) {
          continue;
        } else if ('overwrite' in each) {
          const rows = each.overwrite.map(([value]) => value % model.length);
          await store.write(Uint32Array.from(rows), Float32Array.from(each.overwrite.flatMap(([, to]) => to)));
          for (const [index, row] of rows.entries()) model[row] = each.overwrite[index]![1];
        } else {
          const rows = each.pairs.map(([, value]) => value % model.length);
          const scores = await store.score(
            Float32Array.from(each.pairs.flatMap(([query]) => query)),
            Uint32Array.from(rows.keys()),
            Uint32Array.from(rows),
          );
          t.deepEqual(
            [...scores],
            rows.map((row, pair) => product(each.pairs[pair]![0], model[row]!)),
          );
        }
        t.is(store.size, model.length);
      }
    });
    await fc.assert(property, { seed, numRuns: 60 });
  });

  for (const { type, metric } of kinds.filter((kind) => serves(kind.type, kind.metric))) {
    test.serial(`${name}: of ${type} by ${metric}, the best are those of float64, within the bound`, async (t) => {
      t.timeout(60_000);
      const options = { dims: 37, type, metric, rescore: false };
      const store = await stores.open(options);
      const data = dataOf(options, { seed, rows: ROWS, queries: 5 });
      const all = Uint32Array.from({ length: ROWS }, (_, row) => row);
      await store.write(all, data.vectors);
      for (const k of [1, 20, ROWS]) checkBest(t, await store.topK(data.queries, { k }), data, all);
      for (const every of [3, 20]) {
        const rows = all.filter((row) => row % every === 1);
        checkBest(t, await store.topK(data.queries, { k: 50, allowed: bitmapOf(rows, ROWS) }), data, rows);
      }
      const queryOf = all.map((row) => row % 5);
      const scores = await store.score(data.queries, queryOf, all);
      t.is(
        all.find((row) => !isNear(scores[row]!, data, queryOf[row]!, row)),
        undefined,
      );
      await store.dispose();
    });
  }

  for (const [type, metric] of rescored) {
    test.serial(`${name}: candidates of ${type} are scored again in float32, by ${metric}`, async (t) => {
      t.timeout(60_000);
      const options = { dims: 37, type, metric, rescore: true } as const;
      const store = await stores.open(options);
      const data = dataOf({ ...options, type: 'f32' }, { seed, rows: ROWS, queries: 3 });
      const all = Uint32Array.from({ length: ROWS }, (_, row) => row);
      await store.write(all, data.vectors);
      checkBest(t, await store.topK(data.queries, { k: 5, oversample: ROWS / 5 }), data, all);
      const rows = all.filter((row) => row % 40 === 1);
      checkBest(t, await store.topK(data.queries, { k: 20, allowed: bitmapOf(rows, ROWS) }), data, rows);
      const few = await store.topK(data.queries, { k: 4, oversample: 1.5 });
      t.deepEqual([few.k, few.rows.length], [4, 12]);
      few.rows.forEach((row, at) => t.true(isNear(few.scores[at]!, data, Math.floor(at / 4), row)));

      const kept = all.filter((row) => row % 3 === 2);
      await store.keep(kept);
      const best = await store.topK(data.queries, { k: kept.length, oversample: 1 });
      best.rows.forEach((row, at) => t.true(isNear(best.scores[at]!, data, Math.floor(at / best.k), kept[row]!)));
      t.is(new Set(best.rows).size, kept.length);
      await store.dispose();
    });
  }

  test.serial(`${name}: a type and a metric that don't go together are refused`, async (t) => {
    const refused = { instanceOf: CoreError, code: 'OPTION_INVALID' };
    await t.throwsAsync(stores.open({ dims, type: 'f32', metric: 'hamming', rescore: false }), refused);
    await t.throwsAsync(stores.open({ dims, type: 'b1', metric: 'cosine', rescore: false }), refused);
    await t.throwsAsync(stores.open({ dims: 0, type: 'f32', metric: 'dot', rescore: false }), refused);
  });
}

async function append(store: VectorStore, vectors: readonly (readonly number[])[]): Promise<void> {
  const first = store.size;
  await store.write(
    Uint32Array.from(vectors, (_, index) => first + index),
    Float32Array.from(vectors.flat()),
  );
}

function expectedBest(vectors: number[][], queries: number[][], k: number) {
  const width = Math.min(k, vectors.length);
  const best = queries.flatMap((query) => {
    const scores = vectors.map((each) => product(query, each));
    const order = [...scores.keys()].sort((a, b) => (precedes(scores[a]!, a, scores[b]!, b) ? -1 : 1));
    return order.slice(0, width).map((row) => ({ row, score: scores[row]! }));
  });
  return {
    k: width,
    rows: Uint32Array.from(best, ({ row }) => row),
    scores: Float32Array.from(best, ({ score }) => score),
  };
}

/** Starts from 0, so that it is never -0. */
function product(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
