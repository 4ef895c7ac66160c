import test from 'ava';
import { HostRows } from '../../../core/collection/host-rows.ts';
import { HostStore } from '../../../core/collection/host-store.ts';
import { CoarseSearch } from '../../../core/similarity/coarse-search.ts';
import { precedes } from '../../../core/similarity/order.ts';
import { reals } from '../../kernels/vectors.ts';

const seed = 20261124;
const [dims, count, k] = [40, 4000, 20];
const cpu = { kind: 'cpu', index: 0, name: 'the CPU', software: false, features: [] } as const;
const all = Uint32Array.from({ length: count }, (_, row) => row);

/** Where the first component dwarfs the others, their bytes are all zero. */
function itemsOf(first: number): Float32Array<ArrayBuffer> {
  const items = reals(~seed, count * dims);
  for (let row = 0; row < count; row++) items[row * dims] = first;
  return items;
}

for (const [title, first, enough] of [
  ['bytes tell which rows may be among the best, after writes and removals too', 1, true],
  ['where bytes tell no row from the next, they say so', 1e6, false],
] as const) {
  test(title, async (t) => {
    const rows = new HostRows({ type: 'f32', metric: 'dot', dims, rowsPerSegment: 64 * 3 - 16 });
    const items = itemsOf(first);
    rows.write(all, items);
    rows.write(Uint32Array.of(7, 3999), items.slice(0, 2 * dims));
    rows.keep(all.filter((row) => row % 3 !== 1));
    const queries = [rows.query(reals(seed, dims)), rows.query(reals(seed + 1, dims))];
    await using search = new CoarseSearch(rows, cpu, 2);
    const largest = Math.max(...rows.filled().map(({ greatest }) => greatest));
    const scope = { allowed: undefined, safe: rows.filled(), largest };
    const asked = queries.map((query) => ({ query }));
    for (const [at, close] of (await search.close(asked, scope, k)).entries()) {
      t.is(close !== undefined, enough);
      if (close === undefined) continue;
      const scores = Array.from(all.subarray(0, rows.size), (row) => rows.score(queries[at]!, row));
      const best = all.slice(0, rows.size).sort((a, b) => scores[b]! - scores[a]!);
      const held = new Set(close.rows);
      t.true(best.subarray(0, k).every((row) => held.has(row)));
      t.true(close.rows.length < 3 * k);
    }
  });

  test(`${title}: the answers are those of float64`, async (t) => {
    const options = { dims, type: 'f32', metric: 'dot', rescore: false } as const;
    const store = new HostStore(options, { threads: 2, direct: 0, rowsPerSegment: 1000 });
    store.write(all, itemsOf(first));
    const queries = reals(seed, 70 * dims);
    const best = await store.topK(queries, { k });
    for (const query of [0, 33, 69]) {
      const scores = store.score(queries, new Uint32Array(count).fill(query), all);
      const sorted = all.slice().sort((a, b) => (precedes(scores[a]!, a, scores[b]!, b) ? -1 : 1));
      t.deepEqual(best.rows.slice(query * k, (query + 1) * k), sorted.slice(0, k));
    }
    await store.dispose();
  });
}
