/** Scores of vectors of every type, and the best of them. */
import { samplePanels } from '../../../kernels/autotune/sample.ts';
import { scoreReference } from '../../../kernels/elements/reference.ts';
import { dot, pairs, topk, type ElementType, type Metric, type Panels } from '../../../kernels/index.ts';
import type { GpuBench } from './bench.ts';
import type { Ceilings } from './contract.ts';
import { matrix, read, readPanels, requireClose, submitted } from './memory.ts';

const K = 100;
const CHECKED = { items: 300, queries: 3 };
const TYPES: readonly (readonly [ElementType, Metric])[] = [
  ['f32', 'dot'],
  ['f16', 'dot'],
  ['i8', 'dot'],
  ['b1', 'hamming'],
];

export interface ScoreSizes {
  readonly items: number;
  readonly dims: number;
  readonly queries: readonly number[];
}

export async function benchScores(bench: GpuBench, sizes: ScoreSizes, ceilings: Ceilings): Promise<void> {
  const { launcher } = bench;
  const { items: count, dims } = sizes;
  for (const [type, metric] of TYPES) {
    await checkScores(bench, type, metric, dims);
    using items = await samplePanels(launcher, { type, dims, rows: count });
    for (const queryCount of sizes.queries) {
      using queries = await samplePanels(launcher, { type, dims, rows: queryCount });
      const call = { queries: queries.panels, metric };
      const bytes = items.panels.buffer.size + queries.panels.buffer.size;
      // Integers are no operations of the ceiling.
      const flops = metric === 'dot' && type !== 'i8' ? 2 * queryCount * count * dims : 0;
      const shape = `${queryCount} queries, ${count} × ${dims} ${type}, ${metric}`;
      const found = { rows: await matrix(launcher, queryCount, K), scores: await matrix(launcher, queryCount, K) };
      const best = { ...call, items: [items.panels], k: K, ...found };
      await bench.kernel(topk, best, `${shape}, best ${K}`, { bytes, flops }, ceilings);
      for (const { buffer } of [found.rows, found.scores]) buffer.destroy();

      const scoreBytes = queryCount * count * 4;
      if (scoreBytes > launcher.device.limits.maxStorageBufferBindingSize) {
        bench.skip(`dot: ${shape}`, `its scores take ${scoreBytes} bytes, and one binding holds less`);
        continue;
      }
      const scores = await matrix(launcher, queryCount, count);
      const product = { ...call, items: items.panels, scores };
      await bench.kernel(dot, product, shape, { bytes: bytes + scoreBytes, flops }, ceilings);
      scores.buffer.destroy();
    }
    await benchPairs(bench, items.panels, metric, ceilings);
  }
}

/** One query with each item, in order: a stream. */
async function benchPairs(bench: GpuBench, items: Panels, metric: Metric, ceilings: Ceilings): Promise<void> {
  const { launcher } = bench;
  const { type, dims, rows: count } = items;
  using queries = await samplePanels(launcher, { type, dims, rows: 1 });
  const queryOf = await matrix(launcher, count, 1);
  const rows = await matrix(
    launcher,
    count,
    1,
    Uint32Array.from({ length: count }, (_, row) => row),
  );
  const scores = await matrix(launcher, count, 1);
  const range = { firstRow: 0, firstPair: 0, endPair: count };
  const call = { queries: queries.panels, items, metric, queryOf, rows, scores, ...range };
  const bytes = items.buffer.size + 3 * count * 4;
  const flops = metric === 'dot' && type !== 'i8' ? 2 * count * dims : 0;
  await bench.kernel(pairs, call, `${count} of ${count} × ${dims} ${type}, ${metric}`, { bytes, flops }, ceilings);
  for (const { buffer } of [queryOf, rows, scores]) buffer.destroy();
}

async function checkScores(bench: GpuBench, type: ElementType, metric: Metric, dims: number): Promise<void> {
  const { launcher } = bench;
  using items = await samplePanels(launcher, { type, dims, rows: CHECKED.items });
  using queries = await samplePanels(launcher, { type, dims, rows: CHECKED.queries });
  const call = { queries: queries.panels, metric };
  const expected = scoreReference(
    await readPanels(launcher, queries.panels),
    await readPanels(launcher, items.panels),
    metric,
  );
  const scores = await matrix(launcher, CHECKED.queries, CHECKED.items);
  await submitted(launcher, dot, { ...call, items: items.panels, scores });
  const actual = new Float32Array(await read(launcher, scores));
  requireClose(`dot of ${type}`, actual, expected.scores, expected.bounds);

  // The best are those of these scores, which were right, to the bit.
  const found = {
    rows: await matrix(launcher, CHECKED.queries, K),
    scores: await matrix(launcher, CHECKED.queries, K),
  };
  await submitted(launcher, topk, { ...call, items: [items.panels], k: K, ...found });
  const rows = new Uint32Array(await read(launcher, found.rows));
  for (let query = 0; query < CHECKED.queries; query++) {
    const own = actual.subarray(query * CHECKED.items, (query + 1) * CHECKED.items);
    const order = Array.from(own.keys()).sort((a, b) => (own[b] ?? 0) - (own[a] ?? 0) || a - b);
    const wrong = rows.subarray(query * K, (query + 1) * K).findIndex((row, rank) => row !== order[rank]);
    if (wrong === -1) continue;
    throw new Error(`Expected topk of ${type} to find row ${order[wrong]} at rank ${wrong}: not timed.`);
  }

  const row = (length: number): Uint32Array<ArrayBuffer> => Uint32Array.from({ length }, (_, at) => at);
  const lists = {
    queryOf: await matrix(launcher, CHECKED.items, 1),
    rows: await matrix(launcher, CHECKED.items, 1, row(CHECKED.items)),
    scores: await matrix(launcher, CHECKED.items, 1),
  };
  const range = { firstRow: 0, firstPair: 0, endPair: CHECKED.items };
  await submitted(launcher, pairs, { ...call, items: items.panels, ...lists, ...range });
  const first = new Float32Array(await read(launcher, lists.scores));
  requireClose(`pairs of ${type}`, first, expected.scores.slice(0, CHECKED.items), expected.bounds);
  for (const { buffer } of [scores, found.rows, found.scores, ...Object.values(lists)]) buffer.destroy();
}
