import type { Kernel, Matrix } from '../contract.ts';
import { requireSameDims, requireShape, spanOf } from '../launch/matrix.ts';
import { planOf } from '../launch/plan.ts';
import { TILE_ITEMS, tileFile, tileShape } from '../tile/tile.ts';

export interface DotCall {
  /** float32, q × d. */
  readonly queries: Matrix;
  /** float32, n × d. */
  readonly items: Matrix;
  /** float32, q × n; written. */
  readonly scores: Matrix;
}

const files = [tileFile, new URL('dot.wgsl', import.meta.url)];

/**
 * The dot product of each query with each item, q × n float32: a tiled matrix product with register blocking.
 *
 * Each score differs from the exact one by at most γ_d · Σ|qᵢ·xᵢ|, γ_n = n·u / (1 − n·u), u = 2⁻²⁴ (Higham, Accuracy and
 * Stability of Numerical Algorithms, 2nd ed., §3.1), and by d · 2⁻¹²⁶ more where products underflow.
 */
export const dot: Kernel<DotCall> = {
  name: 'dot',
  async plan(launcher, { queries, items, scores }) {
    requireSameDims(queries, items);
    requireShape('scores', scores, queries.rows, items.rows);
    const bindings = [spanOf('queries', queries), spanOf('items', items), spanOf('scores', scores)];
    if (scores.rows === 0 || scores.columns === 0) return planOf([]);
    const constants = tileShape(queries.rows);
    const pipeline = await launcher.pipeline({ files, constants });
    const immediates = Uint32Array.of(0, queries.rows, items.rows, queries.columns);
    const workgroups = launcher.grid(Math.ceil(items.rows / TILE_ITEMS), Math.ceil(queries.rows / constants.QUERIES));
    return planOf([{ pipeline, bindings, immediates, workgroups }]);
  },
};
