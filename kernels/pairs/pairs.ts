import type { Kernel, Matrix } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { requireShape, spanOf } from '../launch/matrix.ts';
import { planOf } from '../launch/plan.ts';
import { vectorsOf, type VectorsCall } from '../tile/vectors.ts';

export interface PairsCall extends VectorsCall {
  /** Which row of the whole the first of `items` is. */
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

const files = ['../tile/row.wgsl', 'pairs.wgsl'].map((name) => new URL(name, import.meta.url));

/** The score of one query with one item for each pair, within the bound of `dot` and with its bits. */
export const pairs: Kernel<PairsCall> = {
  name: 'pairs',
  async plan(launcher, { firstRow, queryOf, rows, scores, firstPair, endPair, ...call }) {
    const vectors = vectorsOf(call);
    requireShape('rows', rows, queryOf.rows, 1);
    requireShape('scores', scores, queryOf.rows, 1);
    if (firstPair > endPair || endPair > scores.rows) {
      throw new KernelError(
        'INPUT_INVALID',
        `Expected pairs within ${scores.rows}; got those from ${firstPair} up to ${endPair}.`,
      );
    }
    const bindings = [...vectors.bindings, spanOf('queryOf', queryOf), spanOf('rows', rows), spanOf('scores', scores)];
    if (firstPair === endPair) return planOf([]);
    const pipeline = await launcher.pipeline({ files: [...vectors.files, ...files] });
    const immediates = Uint32Array.of(...vectors.fields(0, call.queries.rows), firstPair, endPair, firstRow);
    const workgroups = launcher.grid(Math.ceil((endPair - firstPair) / 64));
    return planOf([{ pipeline, bindings, immediates, workgroups }]);
  },
};
