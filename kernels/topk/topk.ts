import type { ElementType, Kernel, Launcher, Matrix, Metric, Panels, Plan, Span, Step } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { matricesOr, matrixShape, type MatrixShape } from '../gemm/matrix/shape.ts';
import { requireShape, spanOf } from '../launch/matrix.ts';
import { planOf } from '../launch/plan.ts';
import { PANEL_ROWS } from '../panels/layout.ts';
import { spanOfPanels } from '../panels/span.ts';
import { tileGrid, tileProgram } from '../tile/program.ts';
import { shapeFor, TILE_SHAPES, type TileShape } from '../tile/shape.ts';
import { vectorsOf } from '../tile/vectors.ts';
import { binWidth } from './recall.ts';
import { MATRIX_QUERIES, matrixScoring } from './matrix.ts';
import { BIN, planSearch, type Scoring } from './search.ts';
import type { Segment } from './segments.ts';

export interface TopkCall {
  readonly queries: Panels;
  /**
   * Segments of one collection, of the type and the number of components of `queries`: rows are numbered on from each
   * to the next. All but the last must be of whole panels.
   */
  readonly items: readonly Panels[];
  readonly metric: Metric;
  /** How many are wanted of each query, from 1 up. */
  readonly k: number;
  /** uint32, ⌈n / 32⌉ × 1, n the rows of all segments: bit r % 32 of word r / 32, whether row r may be answered. Default: all. */
  readonly allowed?: Matrix;
  /**
   * Share of the k best that must be found on average, over collections in random order; above 0, at most 1. Below 1 one
   * item is kept of each of so many bins that the share is reached. Exact nevertheless with `allowed`, or where there are
   * too few items. Default: 1.
   */
  readonly recallTarget?: number;
  /**
   * Whether all vectors, times their scales, have norms of 1.01 at most. Then tensor cores may choose among the bins of
   * `f16`; the answers are the same. Default: false.
   */
  readonly normalized?: boolean;
  /** uint32, q × k; written, best first; 0xffffffff where fewer than k may be answered. */
  readonly rows: Matrix;
  /** float32, q × k; written; NaN where there is no row. */
  readonly scores: Matrix;
  /** Default: what suits the number of queries, or tensor cores. The answers are the same with each. */
  readonly shape?: TileShape;
}

/** Queries are taken in groups whose intermediate results fit into this; a single query may need more. */
const SCRATCH_BYTES = 128 * 2 ** 20;
/** Rows that u32 can number, besides 0xffffffff. */
const MAX_ROWS = 0xffffffff;

const file = (name: string): URL => new URL(name, import.meta.url);
const maximaFiles = ['order-key.wgsl', 'allowed.wgsl', 'maxima.wgsl'].map(file);
const rescoreFiles = ['order-key.wgsl', 'allowed.wgsl', 'rescore.wgsl'].map(file);
const argMaximaFiles = ['order-key.wgsl', 'arg-maxima.wgsl'].map(file);

/**
 * The k items of greatest score with each query, exactly, without writing the q × n scores: score descending, NaN last,
 * ties by row.
 *
 * The maximum of each bin of 64 neighbouring items is kept; the k best bins, ties by position, hold the k best items;
 * those bins are scored again, and the k best of their items selected and put in order. Scores are those of `dot`, and a
 * zero is positive.
 */
export const topk: Kernel<TopkCall> = topkWithin(SCRATCH_BYTES);

/** `topk` with another bound on its scratch memory, in bytes. */
export function topkWithin(scratchBytes: number): Kernel<TopkCall> {
  return { name: 'topk', plan: (launcher, call) => plan(launcher, call, scratchBytes) };
}

async function plan(launcher: Launcher, call: TopkCall, scratchBytes: number): Promise<Plan> {
  const { queries, k, recallTarget = 1 } = call;
  if (!Number.isInteger(k) || k < 1) {
    throw new KernelError('INPUT_INVALID', `Expected k to be an integer from 1 up; got ${k}.`);
  }
  if (!(recallTarget > 0 && recallTarget <= 1)) {
    throw new KernelError('INPUT_INVALID', `Expected recallTarget to be above 0 and at most 1; got ${recallTarget}.`);
  }
  requireShape('rows', call.rows, queries.rows, k);
  requireShape('scores', call.scores, queries.rows, k);
  const items = rowsOf(call.items);
  const allowed = call.allowed && allowedSpan(call.allowed, items);
  const segments = segmentsOf(call);
  const spans = { rows: spanOf('rows', call.rows), scores: spanOf('scores', call.scores) };
  if (queries.rows === 0) return planOf([]);
  const width = allowed === undefined ? binWidth(k, call.items, recallTarget) : undefined;
  const common = { queries: queries.rows, places: k, ...spans, scratchBytes };
  if (width === undefined) {
    return planSearch(launcher, {
      ...common,
      bins: Math.ceil(items / BIN),
      approximate: false,
      scoring: (group) => exactScoring(launcher, segments, call, group, allowed),
    });
  }
  const bins = segments.reduce((sum, segment) => sum + Math.ceil(segment.rows / width), 0);
  return planSearch(launcher, {
    ...common,
    bins,
    approximate: true,
    scoring: (group) => approximateScoring(launcher, segments, call.shape ?? shapeFor(group), { bins, width }),
  });
}

function rowsOf(items: readonly Panels[]): number {
  for (const [index, { rows }] of items.entries()) {
    if (rows % PANEL_ROWS !== 0 && index < items.length - 1) {
      throw new KernelError(
        'INPUT_INVALID',
        `Expected segments of whole panels of ${PANEL_ROWS} rows but for the last; got ${rows} rows in segment ${index}.`,
      );
    }
  }
  const rows = items.reduce((sum, segment) => sum + segment.rows, 0);
  if (rows > MAX_ROWS) {
    throw new KernelError(
      'INPUT_INVALID',
      `Expected at most ${MAX_ROWS} rows; got ${rows}. Search them in parts, and merge.`,
    );
  }
  return rows;
}

function allowedSpan(allowed: Matrix, items: number): Span {
  requireShape('allowed', allowed, Math.ceil(items / 32), 1);
  return spanOf('allowed', allowed);
}

/** The segments that have rows. */
function segmentsOf({ queries, items, metric }: TopkCall): Segment[] {
  const segments: Segment[] = [];
  let firstRow = 0;
  for (const segment of items) {
    const vectors = vectorsOf({ queries, items: segment, metric });
    if (segment.rows > 0)
      segments.push({ vectors, unused: spanOfPanels('items', segment), rows: segment.rows, firstRow });
    firstRow += segment.rows;
  }
  return segments;
}

async function exactScoring(
  launcher: Launcher,
  segments: readonly Segment[],
  call: TopkCall,
  group: number,
  allowed: Span | undefined,
): Promise<Scoring> {
  const [first, ...others] = segments;
  if (first === undefined) return { maxima: () => [], rescore: () => [] };
  const last = others.at(-1) ?? first;
  const bins = Math.ceil((last.firstRow + last.rows) / BIN);
  const masked = (allowed?.size ?? 0) / 4;
  const { type, dims } = call.queries;
  const matrices = call.shape === undefined ? matricesFor(launcher.device, { ...call, type }, group) : undefined;
  const byTiles = (): Promise<Pick<Scoring, 'maxima' | 'repair'>> =>
    tileMaxima(launcher, segments, call.shape ?? shapeFor(group), { allowed, bins });
  const [maxima, rescore] = await Promise.all([
    matrices === undefined
      ? byTiles()
      : matricesOr(
          launcher,
          () => matrixScoring(launcher, [first, ...others], matrices, { allowed, bins, dims }),
          byTiles,
        ),
    launcher.pipeline(tileProgram(first.vectors, TILE_SHAPES.stream1, rescoreFiles)),
  ]);
  return {
    ...maxima,
    rescore: (from, end, kept, count, keys) =>
      segments.map(({ vectors, unused, rows, firstRow }): Step => {
        const firstBin = firstRow / BIN;
        const endBin = firstBin + Math.ceil(rows / BIN);
        return {
          pipeline: rescore,
          bindings: [...vectors.bindings, allowed ?? unused, kept, keys],
          immediates: Uint32Array.of(...vectors.fields(from, end), count, firstBin, endBin, masked),
          workgroups: launcher.grid(count * (end - from)),
        };
      }),
  };
}

/** How tensor cores choose the bins of a search without a `shape`; `undefined` where they can't, or it is not worth it. */
export function matricesFor(
  device: GPUDevice,
  { type, metric, normalized = false }: Pick<TopkCall, 'metric' | 'normalized'> & { readonly type: ElementType },
  queries: number,
): MatrixShape | undefined {
  if (queries < MATRIX_QUERIES) return undefined;
  if (metric !== 'dot' && metric !== 'cosine') return undefined;
  return type === 'i8' || normalized ? matrixShape(device, type, queries) : undefined;
}

async function tileMaxima(
  launcher: Launcher,
  segments: readonly Segment[],
  shape: TileShape,
  { allowed, bins }: { readonly allowed: Span | undefined; readonly bins: number },
): Promise<Pick<Scoring, 'maxima'>> {
  const [first] = segments;
  if (first === undefined) return { maxima: () => [] };
  const masked = (allowed?.size ?? 0) / 4;
  const pipeline = await launcher.pipeline(tileProgram(first.vectors, shape, maximaFiles));
  return {
    maxima: (from, end, output) =>
      segments.map(({ vectors, unused, rows, firstRow }): Step => ({
        pipeline,
        bindings: [...vectors.bindings, allowed ?? unused, output],
        immediates: Uint32Array.of(...vectors.fields(from, end), bins, firstRow / BIN, masked),
        workgroups: tileGrid(launcher, shape, end - from, rows),
      })),
  };
}

async function approximateScoring(
  launcher: Launcher,
  segments: readonly Segment[],
  shape: TileShape,
  { bins, width }: { readonly bins: number; readonly width: number },
): Promise<Scoring> {
  const [first] = segments;
  if (first === undefined) return { maxima: () => [] };
  const pipeline = await launcher.pipeline(tileProgram(first.vectors, shape, argMaximaFiles));
  return {
    maxima: (from, end, maxima, maximumRows) => {
      let firstBin = 0;
      return segments.map(({ vectors, rows, firstRow }): Step => {
        const own = Math.ceil(rows / width);
        const immediates = Uint32Array.of(...vectors.fields(from, end), bins, firstBin, width, firstRow);
        firstBin += own;
        return {
          pipeline,
          bindings: [...vectors.bindings, maxima, maximumRows],
          immediates,
          // As many tiles as if each bin were one of them.
          workgroups: tileGrid(launcher, shape, end - from, own * shape.constants.ITEMS),
        };
      });
    },
  };
}
