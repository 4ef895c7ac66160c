import type { Launcher, Program } from '../contract.ts';
import type { TileShape } from './shape.ts';
import type { Vectors } from './vectors.ts';

const placeFile = new URL('place.wgsl', import.meta.url);

/**
 * A kernel over tiles. Its own files follow, and find `place_of`, `score_tile` and `scores`, with the threads
 * `THREADS_X × THREADS_Y`; they bind from 4 up.
 */
export function tileProgram(vectors: Vectors, { tile, constants }: TileShape, files: readonly URL[]): Program {
  const tileFile = new URL(`${tile}.wgsl`, import.meta.url);
  return { files: [...vectors.files, tileFile, placeFile, ...files], constants };
}

/** Workgroups for a tile each, as `place_of` numbers them. */
export function tileGrid(
  launcher: Launcher,
  { constants: { QUERIES, ITEMS } }: { readonly constants: Pick<TileShape['constants'], 'QUERIES' | 'ITEMS'> },
  queries: number,
  items: number,
): readonly [x: number, y: number, z: number] {
  return launcher.grid(Math.ceil(items / ITEMS) * Math.ceil(queries / QUERIES));
}
