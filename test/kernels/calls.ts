/** Kernels called with host arrays. */
import {
  dot,
  normalize,
  topkOfRows,
  type Kernel,
  type Launcher,
  type RowsTopkCall,
  type Span,
} from '../../kernels/index.ts';

type Floats = Float32Array<ArrayBuffer>;

export async function runDot(launcher: Launcher, queries: Floats, items: Floats, dims: number): Promise<Floats> {
  const [rows, columns] = [queries.length / dims, items.length / dims];
  using queryLease = await launcher.upload(queries);
  using itemLease = await launcher.upload(items);
  using scoreLease = await launcher.scratch(rows * columns * 4);
  using plan = await dot.plan(launcher, {
    queries: { buffer: queryLease.buffer, rows, columns: dims },
    items: { buffer: itemLease.buffer, rows: columns, columns: dims },
    scores: { buffer: scoreLease.buffer, rows, columns },
  });
  const [bytes] = await launcher.submit(plan.steps, [spanOfValues(scoreLease.buffer, rows * columns)]);
  return new Float32Array(bytes!);
}

export interface TopkResult {
  readonly rows: Uint32Array<ArrayBuffer>;
  readonly scores: Floats;
}

export async function runTopk(
  launcher: Launcher,
  queries: Floats,
  items: Floats,
  { dims, k, kernel = topkOfRows }: { dims: number; k: number; kernel?: Kernel<RowsTopkCall> },
): Promise<TopkResult> {
  const [rows, count] = [queries.length / dims, items.length / dims];
  const columns = Math.min(k, count);
  using queryLease = await launcher.upload(queries);
  using itemLease = await launcher.upload(items);
  using rowLease = await launcher.scratch(rows * columns * 4);
  using scoreLease = await launcher.scratch(rows * columns * 4);
  using plan = await kernel.plan(launcher, {
    queries: { buffer: queryLease.buffer, rows, columns: dims },
    items: { buffer: itemLease.buffer, rows: count, columns: dims },
    k,
    rows: { buffer: rowLease.buffer, rows, columns },
    scores: { buffer: scoreLease.buffer, rows, columns },
  });
  const [bestRows, bestScores] = await launcher.submit(plan.steps, [
    spanOfValues(rowLease.buffer, rows * columns),
    spanOfValues(scoreLease.buffer, rows * columns),
  ]);
  return { rows: new Uint32Array(bestRows!), scores: new Float32Array(bestScores!) };
}

export async function runNormalize(launcher: Launcher, vectors: Floats, dims: number): Promise<Floats> {
  using lease = await launcher.upload(vectors);
  const matrix = { buffer: lease.buffer, rows: vectors.length / dims, columns: dims };
  using plan = await normalize.plan(launcher, { vectors: matrix });
  const [bytes] = await launcher.submit(plan.steps, [spanOfValues(lease.buffer, vectors.length)]);
  return new Float32Array(bytes!);
}

/** The first `length` values of 4 bytes of a buffer. */
export function spanOfValues(buffer: GPUBuffer, length: number): Span {
  return { buffer, offset: 0, size: length * 4 };
}
