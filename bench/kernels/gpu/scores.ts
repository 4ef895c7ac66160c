/** Scores of vectors, and the best of them. */
import { dotReference } from '../../../kernels/dot/reference.ts';
import { dot, pack, panelsBytes, topkOfRows, type Launcher, type Matrix, type Panels } from '../../../kernels/index.ts';
import { unitRows, checkBest } from '../search.ts';
import type { GpuBench } from './bench.ts';
import type { Ceilings } from './contract.ts';
import { matrix, read, requireClose, submitted } from './memory.ts';

const K = 100;
const CHECKED = { items: 1000, queries: 3 };

export interface ScoreSizes {
  readonly items: number;
  readonly dims: number;
  readonly queries: readonly number[];
}

export async function benchScores(
  bench: GpuBench,
  sizes: ScoreSizes,
  ceilings: Ceilings,
  random: () => number,
): Promise<void> {
  const { launcher } = bench;
  const { items: count, dims } = sizes;
  await checkScores(bench, dims, random);
  const block = unitRows(Math.min(count, 100_000), dims, random);
  const items = await matrix(launcher, count, dims, block);
  for (const queryCount of sizes.queries) {
    const queries = await matrix(launcher, queryCount, dims, unitRows(queryCount, dims, random));
    const flops = 2 * queryCount * count * dims;
    const bytes = (queryCount + count) * dims * 4;
    const shape = `${queryCount} queries, ${count} × ${dims} float32`;
    const found = { rows: await matrix(launcher, queryCount, K), scores: await matrix(launcher, queryCount, K) };
    await bench.kernel(
      topkOfRows,
      { queries, items, k: K, ...found },
      `${shape}, best ${K}`,
      { bytes, flops },
      ceilings,
    );
    const scoreBytes = queryCount * count * 4;
    if (scoreBytes <= launcher.device.limits.maxStorageBufferBindingSize) {
      const scores = await matrix(launcher, queryCount, count);
      const call = { ...(await bothPacked(launcher, queries, items)), metric: 'dot', scores } as const;
      await bench.kernel(dot, call, shape, { bytes: bytes + scoreBytes, flops }, ceilings);
      for (const { buffer } of [call.queries, call.items, scores]) buffer.destroy();
    }
    for (const { buffer } of [queries, found.rows, found.scores]) buffer.destroy();
  }
  items.buffer.destroy();
}

async function checkScores({ launcher }: GpuBench, dims: number, random: () => number): Promise<void> {
  const [data, queryData] = [unitRows(CHECKED.items, dims, random), unitRows(CHECKED.queries, dims, random)];
  const items = await matrix(launcher, CHECKED.items, dims, data);
  const queries = await matrix(launcher, CHECKED.queries, dims, queryData);
  const scores = await matrix(launcher, CHECKED.queries, CHECKED.items);
  const panels = await bothPacked(launcher, queries, items);
  await submitted(launcher, dot, { ...panels, metric: 'dot', scores });
  const reference = dotReference(queryData, data, dims);
  requireClose('dot', new Float32Array(await read(launcher, scores)), reference.scores, reference.bounds);

  const found = {
    rows: await matrix(launcher, CHECKED.queries, K),
    scores: await matrix(launcher, CHECKED.queries, K),
  };
  await submitted(launcher, topkOfRows, { queries, items, k: K, ...found });
  const rows = new Uint32Array(await read(launcher, found.rows));
  for (let query = 0; query < CHECKED.queries; query++) {
    checkBest(
      { dims, count: CHECKED.items, items: data },
      queryData.subarray(query * dims, (query + 1) * dims),
      Array.from(rows.subarray(query * K, (query + 1) * K)),
      'topk',
    );
  }
  for (const { buffer } of [items, queries, panels.items, panels.queries, scores, found.rows, found.scores])
    buffer.destroy();
}

async function bothPacked(
  launcher: Launcher,
  queries: Matrix,
  items: Matrix,
): Promise<Record<'queries' | 'items', Panels>> {
  return { queries: await packed(launcher, queries), items: await packed(launcher, items) };
}

async function packed(launcher: Launcher, vectors: Matrix): Promise<Panels> {
  const { rows, columns: dims } = vectors;
  const buffer = await launcher.allocate(panelsBytes('f32', dims, rows));
  const panels: Panels = { buffer, type: 'f32', rows, dims };
  await submitted(launcher, pack, { vectors, panels });
  return panels;
}
