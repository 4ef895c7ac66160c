/** Tiles of scores: what `tile.wgsl` needs to know, and how many workgroups cover a call. */
import { grid } from '../launch/grid.ts';

/** Items of one tile, and of one bin of the fused top-k. */
export const TILE_ITEMS = 64;

export const tileFile: URL = new URL('tile.wgsl', import.meta.url);

export interface TileShape {
  readonly constants: Readonly<Record<'QUERIES' | 'QUERIES_EACH' | 'ITEMS_EACH', number>>;
  readonly workgroups: readonly [x: number, y: number, z: number];
}

/** Narrow tiles for few queries, where reading the items is the cost; square ones where arithmetic is. */
export function tileShape(queries: number, items: number): TileShape {
  const constants =
    queries <= 16
      ? { QUERIES: queries === 1 ? 1 : 4, QUERIES_EACH: queries === 1 ? 1 : 4, ITEMS_EACH: 1 }
      : { QUERIES: 64, QUERIES_EACH: 4, ITEMS_EACH: 4 };
  return { constants, workgroups: grid(Math.ceil(items / TILE_ITEMS), Math.ceil(queries / constants.QUERIES)) };
}
