/** How a tile of queries × items is shared out among the threads of a workgroup: the constants of its WGSL. */
export interface TileShape {
  /** Few queries stream past the items; many are a square product. */
  readonly tile: 'stream' | 'square';
  readonly constants: {
    readonly QUERIES: number;
    /** Items of one tile: whole panels. */
    readonly ITEMS: number;
    /** Queries and items that each thread scores. */
    readonly QUERIES_EACH: number;
    readonly ITEMS_EACH: number;
    /** Parts of each row that are in workgroup memory at a time. */
    readonly SLICE: number;
  };
}

function stream(QUERIES: number, SLICE: number): TileShape {
  return { tile: 'stream', constants: { QUERIES, ITEMS: 64, QUERIES_EACH: QUERIES, ITEMS_EACH: 1, SLICE } };
}

function square(QUERIES: number, SLICE: number): TileShape {
  return { tile: 'square', constants: { QUERIES, ITEMS: 64, QUERIES_EACH: 8, ITEMS_EACH: 4, SLICE } };
}

/** From few queries to many. Workgroup memory is 2 to 4 KiB for a stream, 12 to 16 for a square. */
export const TILE_SHAPES: Readonly<
  Record<'stream1' | 'stream4' | 'stream8' | 'square32' | 'square64' | 'square128', TileShape>
> = {
  stream1: stream(1, 128),
  stream4: stream(4, 32),
  stream8: stream(8, 32),
  square32: square(32, 8),
  square64: square(64, 8),
  square128: square(128, 4),
};

/** The shape that wastes least: streams while reading the items is the cost, squares where arithmetic is. */
export function shapeFor(queries: number): TileShape {
  if (queries === 1) return TILE_SHAPES.stream1;
  if (queries <= 4) return TILE_SHAPES.stream4;
  if (queries <= 16) return TILE_SHAPES.stream8;
  if (queries <= 32) return TILE_SHAPES.square32;
  return Math.ceil(queries / 64) % 2 === 1 ? TILE_SHAPES.square64 : TILE_SHAPES.square128;
}
