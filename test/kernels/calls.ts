/** Kernels called with host arrays. */
import {
  dot,
  normalize,
  packPanels,
  type HostPanels,
  type Launcher,
  type Metric,
  type Panels,
  type Span,
} from '../../kernels/index.ts';
import type { TileShape } from '../../kernels/tile/shape.ts';

type Floats = Float32Array<ArrayBuffer>;

/** The scores of float32 vectors; dot products unless another metric is named. */
export async function runDot(
  launcher: Launcher,
  queries: Floats,
  items: Floats,
  dims: number,
  options: { readonly metric?: Metric; readonly shape?: TileShape } = {},
): Promise<Floats> {
  const [left, right] = [queries, items].map((vectors) => packPanels(vectors, { type: 'f32', columns: dims }));
  return scorePanels(launcher, left!, right!, options);
}

/** `dot` of panels of the host. */
export async function scorePanels(
  launcher: Launcher,
  queries: HostPanels,
  items: HostPanels,
  { metric = 'dot', ...options }: { readonly metric?: Metric; readonly shape?: TileShape; readonly epilogue?: URL },
): Promise<Floats> {
  const [rows, columns] = [queries.rows, items.rows];
  using uploadedQueries = await uploadPanels(launcher, queries);
  using uploadedItems = await uploadPanels(launcher, items);
  using scoreLease = await launcher.scratch(rows * columns * 4);
  using plan = await dot.plan(launcher, {
    queries: uploadedQueries.panels,
    items: uploadedItems.panels,
    metric,
    scores: { buffer: scoreLease.buffer, rows, columns },
    ...options,
  });
  const [bytes] = await launcher.submit(plan.steps, [spanOfValues(scoreLease.buffer, rows * columns)]);
  return new Float32Array(bytes!);
}

/** Panels of the host in pooled memory of a device. */
export async function uploadPanels(
  launcher: Launcher,
  { type, rows, dims, words, scales }: HostPanels,
): Promise<Disposable & { readonly panels: Panels }> {
  const lease = await launcher.upload(words);
  const scaleLease = scales === undefined ? undefined : await launcher.upload(scales);
  return {
    panels: {
      buffer: lease.buffer,
      type,
      rows,
      dims,
      ...(scaleLease !== undefined && { scales: { buffer: scaleLease.buffer, rows, columns: 1 } }),
    },
    [Symbol.dispose]() {
      lease[Symbol.dispose]();
      scaleLease?.[Symbol.dispose]();
    },
  };
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
