import type { Kernel, Launcher, Matrix, Plan } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { requireSameDims, requireShape, spanOf } from '../launch/matrix.ts';
import { planOf } from '../launch/plan.ts';
import { TILE_ITEMS, tileFile, tileShape } from '../tile/tile.ts';
import { planSearch } from './search.ts';

export interface RowsTopkCall {
  /** float32, q × d. */
  readonly queries: Matrix;
  /** float32, n × d. */
  readonly items: Matrix;
  /** How many are wanted of each query, from 1 up. */
  readonly k: number;
  /** uint32, q × min(k, n); written: positions among `items`, best first. */
  readonly rows: Matrix;
  /** float32, q × min(k, n); written. */
  readonly scores: Matrix;
}

const SCRATCH_BYTES = 64 * 2 ** 20;

const file = (name: string): URL => new URL(name, import.meta.url);
const orderKey = file('order-key.wgsl');
const rescoreProgram = { files: [orderKey, file('rows-rescore.wgsl')] };

/** `topk` by dot product over row-major float32 vectors. */
export const topkOfRows: Kernel<RowsTopkCall> = topkOfRowsWithin(SCRATCH_BYTES);

/** `topkOfRows` with another bound on its scratch memory, in bytes. */
export function topkOfRowsWithin(scratchBytes: number): Kernel<RowsTopkCall> {
  return { name: 'topk-of-rows', plan: (launcher, call) => planRows(launcher, call, scratchBytes) };
}

async function planRows(launcher: Launcher, call: RowsTopkCall, scratchBytes: number): Promise<Plan> {
  const { queries, items, k } = call;
  if (!Number.isInteger(k) || k < 1) {
    throw new KernelError('INPUT_INVALID', `Expected k to be an integer from 1 up; got ${k}.`);
  }
  const places = Math.min(k, items.rows);
  requireSameDims(queries, items);
  requireShape('rows', call.rows, queries.rows, places);
  requireShape('scores', call.scores, queries.rows, places);
  const [querySpan, itemSpan] = [spanOf('queries', queries), spanOf('items', items)];
  const [rows, scores] = [spanOf('rows', call.rows), spanOf('scores', call.scores)];
  if (queries.rows === 0 || places === 0) return planOf([]);
  const dims = queries.columns;
  const bins = Math.ceil(items.rows / TILE_ITEMS);
  return planSearch(launcher, {
    queries: queries.rows,
    bins,
    places,
    rows,
    scores,
    scratchBytes,
    approximate: false,
    scoring: async (group) => {
      const constants = tileShape(group);
      const [maxima, rescore] = await Promise.all([
        launcher.pipeline({ files: [tileFile, orderKey, file('rows-maxima.wgsl')], constants }),
        launcher.pipeline(rescoreProgram),
      ]);
      return {
        maxima: (first, end, output) => [
          {
            pipeline: maxima,
            bindings: [querySpan, itemSpan, output],
            immediates: Uint32Array.of(first, end, items.rows, dims),
            workgroups: launcher.grid(bins, Math.ceil((end - first) / constants.QUERIES)),
          },
        ],
        rescore: (first, end, kept, count, keys) => [
          {
            pipeline: rescore,
            bindings: [querySpan, itemSpan, kept, keys],
            immediates: Uint32Array.of(first, items.rows, dims, count),
            workgroups: launcher.grid(count, end - first),
          },
        ],
      };
    },
  });
}
