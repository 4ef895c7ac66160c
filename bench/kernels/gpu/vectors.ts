/** Kernels that make vectors ready: normalised, and packed into panels. */
import {
  normalize,
  pack,
  packPanels,
  panelsBytes,
  unpack,
  unpackPanels,
  type ElementType,
  type Matrix,
  type Panels,
} from '../../../kernels/index.ts';
import { normalizeReference } from '../../../kernels/normalize/reference.ts';
import { unitRows } from '../search.ts';
import type { GpuBench } from './bench.ts';
import type { Ceilings } from './contract.ts';
import { matrix, read, requireClose, submitted } from './memory.ts';

const TYPES: readonly ElementType[] = ['f32', 'f16', 'i8', 'b1'];

export interface VectorSizes {
  readonly rows: number;
  readonly dims: number;
}

export async function benchVectors(
  bench: GpuBench,
  { rows, dims }: VectorSizes,
  ceilings: Ceilings,
  random: () => number,
): Promise<void> {
  const { launcher } = bench;
  // As many as are checked; the rest are the same ones again.
  const values = unitRows(Math.min(rows, 1000), dims, random).map((value) => 3 * value);
  const vectors = await matrix(launcher, rows, dims, values);
  const shape = `${rows} × ${dims} float32`;
  const bytes = rows * dims * 4;
  for (const type of TYPES) {
    const size = panelsBytes(type, dims, rows);
    const panels: Panels = {
      buffer: await launcher.allocate(size),
      type,
      rows,
      dims,
      ...(type === 'i8' && { scales: await matrix(launcher, rows, 1) }),
    };
    const call = { vectors, panels, normalize: type !== 'b1' };
    await submitted(launcher, pack, call);
    await requirePacked(bench, panels, values);
    await bench.kernel(pack, call, `${shape} to ${type}`, { bytes: bytes + size }, ceilings);
    const unpacked = await matrix(launcher, rows, dims);
    await submitted(launcher, unpack, { panels, vectors: unpacked });
    await requireUnpacked(bench, unpacked, type, values);
    const back = { panels, vectors: unpacked };
    await bench.kernel(unpack, back, `${shape} from ${type}`, { bytes: bytes + size }, ceilings);
    for (const { buffer } of [panels, unpacked]) buffer.destroy();
    panels.scales?.buffer.destroy();
  }

  await submitted(launcher, normalize, { vectors });
  const { vectors: expected, bounds } = normalizeReference(values, dims);
  requireClose('normalize', new Float32Array(await read(launcher, vectors)), expected, bounds);
  await bench.kernel(normalize, { vectors }, shape, { bytes: 2 * bytes }, ceilings);
  vectors.buffer.destroy();
}

/** Packing promises the very bits of the host, whose own are held to float64 by its tests. */
async function requirePacked(
  { launcher }: GpuBench,
  { buffer, type, dims }: Panels,
  values: Float32Array<ArrayBuffer>,
): Promise<void> {
  const { words } = packPanels(values, { type, columns: dims, normalize: type !== 'b1' });
  // The last panel may go on with rows that are not looked at.
  const whole = Math.floor(values.length / dims / 64) * (panelsBytes(type, dims, 64) / 4);
  const actual = new Uint32Array(await read(launcher, { buffer, rows: whole, columns: 1 }));
  const wrong = actual.findIndex((word, at) => word !== words[at]);
  if (wrong !== -1) throw new Error(`Expected pack to ${type} to give ${words[wrong]} at word ${wrong}: not timed.`);
}

async function requireUnpacked(
  { launcher }: GpuBench,
  { buffer, columns }: Matrix,
  type: ElementType,
  values: Float32Array<ArrayBuffer>,
): Promise<void> {
  const expected = unpackPanels(packPanels(values, { type, columns, normalize: type !== 'b1' }));
  const actual = new Float32Array(await read(launcher, { buffer, rows: expected.length, columns: 1 }));
  const wrong = actual.findIndex((value, at) => value !== expected[at]);
  if (wrong !== -1) throw new Error(`Expected unpack of ${type} to give ${expected[wrong]} at ${wrong}: not timed.`);
}
