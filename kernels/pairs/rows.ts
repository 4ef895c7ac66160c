import type { Kernel, Matrix } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { requireSameDims, requireShape, spanOf } from '../launch/matrix.ts';
import { planOf } from '../launch/plan.ts';

export interface RowsPairsCall {
  /** float32, q × d. */
  readonly queries: Matrix;
  /** float32, n × d: rows `firstRow`, `firstRow + 1`, … of the whole. */
  readonly items: Matrix;
  readonly firstRow: number;
  /** uint32, p × 1, each below q: the query of each pair. */
  readonly queryOf: Matrix;
  /** uint32, p × 1: the row of each pair. */
  readonly rows: Matrix;
  /** float32, p × 1; written from `firstPair` up to `endPair`. */
  readonly scores: Matrix;
  /** The pairs to score; their rows must be among `items`. */
  readonly firstPair: number;
  readonly endPair: number;
}

const files = [new URL('rows.wgsl', import.meta.url)];

/** `pairs` on row-major float32 vectors. */
export const pairsOfRows: Kernel<RowsPairsCall> = {
  name: 'pairsOfRows',
  async plan(launcher, { queries, items, firstRow, queryOf, rows, scores, firstPair, endPair }) {
    requireSameDims(queries, items);
    requireShape('rows', rows, queryOf.rows, 1);
    requireShape('scores', scores, queryOf.rows, 1);
    if (firstPair > endPair || endPair > scores.rows) {
      throw new KernelError(
        'INPUT_INVALID',
        `Expected pairs within ${scores.rows}; got those from ${firstPair} up to ${endPair}.`,
      );
    }
    const bindings = [
      spanOf('queries', queries),
      spanOf('items', items),
      spanOf('queryOf', queryOf),
      spanOf('rows', rows),
      spanOf('scores', scores),
    ];
    if (firstPair === endPair) return planOf([]);
    const pipeline = await launcher.pipeline({ files });
    const immediates = Uint32Array.of(firstPair, endPair, firstRow, queries.columns);
    const workgroups = launcher.grid(Math.ceil((endPair - firstPair) / 64));
    return planOf([{ pipeline, bindings, immediates, workgroups }]);
  },
};
