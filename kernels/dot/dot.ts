import type { Kernel, Matrix } from '../contract.ts';
import { requireShape, spanOf } from '../launch/matrix.ts';
import { planOf } from '../launch/plan.ts';
import { tileGrid, tileProgram } from '../tile/program.ts';
import { shapeFor, type TileShape } from '../tile/shape.ts';
import { vectorsOf, type VectorsCall } from '../tile/vectors.ts';

export interface DotCall extends VectorsCall {
  /** float32, q × n; written. */
  readonly scores: Matrix;
  /** WGSL with `fn epilogue(score: f32, query: u32, item: u32) -> f32`, what is written of a score. Default: the score. */
  readonly epilogue?: URL;
  /** Default: what suits the number of queries. The scores have the same bits with each. */
  readonly shape?: TileShape;
}

const scoreFile = new URL('score.wgsl', import.meta.url);
const dotFile = new URL('dot.wgsl', import.meta.url);

/**
 * The score of each query with each item, q × n float32: a tiled matrix product with register blocking, or a stream of
 * the items past a few queries. How far a score may be from the exact one is in `reference.ts`.
 */
export const dot: Kernel<DotCall> = {
  name: 'dot',
  async plan(launcher, { scores, epilogue = scoreFile, shape, ...call }) {
    const { queries, items } = call;
    const vectors = vectorsOf(call);
    requireShape('scores', scores, queries.rows, items.rows);
    const bindings = [...vectors.bindings, spanOf('scores', scores)];
    if (scores.rows === 0 || scores.columns === 0) return planOf([]);
    const tile = shape ?? shapeFor(queries.rows);
    const pipeline = await launcher.pipeline(tileProgram(vectors, tile, [epilogue, dotFile]));
    const immediates = Uint32Array.from(vectors.fields(0, queries.rows));
    const workgroups = tileGrid(launcher, tile, queries.rows, items.rows);
    return planOf([{ pipeline, bindings, immediates, workgroups }]);
  },
};
