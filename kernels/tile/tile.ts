/** Items of one tile, and of one bin of the fused top-k. */
export const TILE_ITEMS = 64;

export const tileFile: URL = new URL('tile.wgsl', import.meta.url);

/** The constants of `tile.wgsl`. */
export interface TileShape {
  /** Queries of one tile. */
  readonly QUERIES: number;
  /** Queries and items that each thread scores. */
  readonly QUERIES_EACH: number;
  readonly ITEMS_EACH: number;
}

/** Narrow tiles for few queries, where reading the items is the cost; square ones where arithmetic is. */
export function tileShape(queries: number): TileShape & Readonly<Record<string, number>> {
  if (queries === 1) return { QUERIES: 1, QUERIES_EACH: 1, ITEMS_EACH: 1 };
  if (queries <= 16) return { QUERIES: 4, QUERIES_EACH: 4, ITEMS_EACH: 1 };
  return { QUERIES: 64, QUERIES_EACH: 4, ITEMS_EACH: 4 };
}
