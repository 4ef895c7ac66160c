import type { ElementType } from '../contract.ts';
import { KernelError } from '../errors.ts';

/** Rows of a panel: as many as a tile has items, and a bin of the fused top-k. */
export const PANEL_ROWS = 64;
/** What a row is cut into: a `vec4u`. */
export const GRANULE_BYTES = 16;
/** Components of the longest row; sums of integers in the kernels stay within their words up to here. */
export const MAX_DIMS = 65_536;

/** The same layout in WGSL: `PANEL_ROWS` and `granule_at`. */
export const panelsFile: URL = new URL('panels.wgsl', import.meta.url);

const COMPONENTS: Readonly<Record<ElementType, number>> = { f32: 4, f16: 8, i8: 16, b1: 128 };

/** Components in one granule. */
export function componentsOf(type: ElementType): number {
  return COMPONENTS[type];
}

/** Granules of a row of `dims` components. */
export function granulesOf(type: ElementType, dims: number): number {
  return Math.ceil(dims / COMPONENTS[type]);
}

/** Bytes of one panel. */
export function panelBytes(type: ElementType, dims: number): number {
  return PANEL_ROWS * granulesOf(type, dims) * GRANULE_BYTES;
}

/** Bytes of the panels that hold `rows` rows; the last panel is whole. */
export function panelsBytes(type: ElementType, dims: number, rows: number): number {
  return Math.ceil(rows / PANEL_ROWS) * panelBytes(type, dims);
}

/** Index among the granules of the panels of granule `granule` of row `row`. */
export function granuleAt(row: number, granule: number, granules: number): number {
  return (Math.floor(row / PANEL_ROWS) * granules + granule) * PANEL_ROWS + (row % PANEL_ROWS);
}

/** Throws `INPUT_INVALID` unless `type` is one, and rows have 1 to `MAX_DIMS` components. */
export function requirePanelShape(type: ElementType, dims: number): void {
  if (!Object.hasOwn(COMPONENTS, type)) {
    throw new KernelError('INPUT_INVALID', `Expected a type of ${Object.keys(COMPONENTS).join(', ')}; got ${type}.`);
  }
  if (!Number.isInteger(dims) || dims < 1 || dims > MAX_DIMS) {
    throw new KernelError('INPUT_INVALID', `Expected vectors of 1 to ${MAX_DIMS} components; got ${dims}.`);
  }
}
