import { Leases } from '../buffers/leases.ts';
import type { Kernel, Launcher, Matrix, Span, Step } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { requireShape, spanOf } from '../launch/matrix.ts';
import { planOf } from '../launch/plan.ts';

export interface MergeCall {
  /** How many lists there are of each query, one or more. Of equal scores the earlier part's come first. */
  readonly parts: number;
  /** uint32, p·q × l: the rows of all queries in part 0, then in part 1, …; each in order; 0xffffffff: no item. */
  readonly rows: Matrix;
  /** float32, p·q × l. */
  readonly scores: Matrix;
  /** uint32, p × 1: what the rows of each part count from. Default: 0, and `bestParts` tells them apart. */
  readonly firsts?: Matrix;
  /** uint32, q × k, where k is at most p·l; written, best first. */
  readonly bestRows: Matrix;
  /** float32, q × k; written. */
  readonly bestScores: Matrix;
  /** uint32, q × k; written where given: the part that each row is of. */
  readonly bestParts?: Matrix;
}

/** The best of several sorted lists for each query, in the order of results: score descending, NaN last, ties by part. */
export const merge: Kernel<MergeCall> = {
  name: 'merge',
  async plan(launcher, call) {
    const { parts, rows, scores, firsts, bestRows, bestScores, bestParts } = call;
    const { rows: queries, columns: places } = bestRows;
    if (!Number.isInteger(parts) || parts < 1) {
      throw new KernelError('INPUT_INVALID', `Expected one part or more; got ${parts}.`);
    }
    requireShape('rows', rows, parts * queries, rows.columns);
    requireShape('scores', scores, parts * queries, rows.columns);
    requireShape('bestScores', bestScores, queries, places);
    if (firsts !== undefined) requireShape('firsts', firsts, parts, 1);
    if (bestParts !== undefined) requireShape('bestParts', bestParts, queries, places);
    if (places > parts * rows.columns) {
      throw new KernelError(
        'INPUT_INVALID',
        `Expected at most ${parts} × ${rows.columns} places in bestRows; got ${places}.`,
      );
    }
    const spans = {
      rows: spanOf('rows', rows),
      scores: spanOf('scores', scores),
      bestRows: spanOf('bestRows', bestRows),
      bestScores: spanOf('bestScores', bestScores),
      ...(firsts && { firsts: spanOf('firsts', firsts) }),
      ...(bestParts && { bestParts: spanOf('bestParts', bestParts) }),
    };
    if (queries === 0 || places === 0) return planOf([]);
    const leases = new Leases(launcher);
    try {
      const step = await mergeStep(launcher, {
        queries,
        parts,
        length: rows.columns,
        queryStride: rows.columns,
        partStride: queries * rows.columns,
        firstQuery: 0,
        places,
        unused: await leases.words(1),
        ...spans,
      });
      return { steps: [step], [Symbol.dispose]: () => leases[Symbol.dispose]() };
    } catch (error) {
      leases[Symbol.dispose]();
      throw error;
    }
  },
};

export interface MergeStep {
  readonly queries: number;
  readonly parts: number;
  /** Entries of each list, and how far it is to the next query's and to the next part's. */
  readonly length: number;
  readonly queryStride: number;
  readonly partStride: number;
  readonly rows: Span;
  readonly scores: Span;
  readonly firsts?: Span;
  /** The query that the answers start with, and their places. */
  readonly firstQuery: number;
  readonly places: number;
  readonly bestRows: Span;
  readonly bestScores: Span;
  readonly bestParts?: Span;
  /** Bound in place of `bestParts`. */
  readonly unused: Span;
}

const program = { files: ['order-key.wgsl', 'merge.wgsl'].map((name) => new URL(name, import.meta.url)) };

export async function mergeStep(launcher: Launcher, step: MergeStep): Promise<Step> {
  const { queries, parts, length, rows, scores, firsts, bestRows, bestScores, bestParts, unused } = step;
  const options = (firsts === undefined ? 0 : 1) + (bestParts === undefined ? 0 : 2);
  return {
    pipeline: await launcher.pipeline(program),
    bindings: [rows, scores, firsts ?? rows, bestRows, bestScores, bestParts ?? unused],
    immediates: Uint32Array.of(
      queries,
      parts,
      length,
      step.queryStride,
      step.partStride,
      step.firstQuery,
      step.places,
      options,
    ),
    workgroups: launcher.grid(Math.ceil((queries * parts * length) / 64)),
  };
}
