import type { Kernel, Launcher, Lease, Matrix, Plan, Span, Step } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { requireSameDims, requireShape, spanOf } from '../launch/matrix.ts';
import { planOf } from '../launch/plan.ts';
import { TILE_ITEMS, tileFile, tileShape } from '../tile/tile.ts';

export interface TopkCall {
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

/** Queries are taken in groups whose intermediate results fit into this; a single query may need more. */
const SCRATCH_BYTES = 64 * 2 ** 20;
const MAX_GROUP = 4096;

const file = (name: string): URL => new URL(name, import.meta.url);
const orderKey = file('order-key.wgsl');
const selectProgram = { files: [file('select.wgsl')] };
const rescoreProgram = { files: [orderKey, file('rescore.wgsl')] };
const rankProgram = { files: [file('rank.wgsl')] };

/**
 * The k items of greatest dot product with each query, exactly, without writing the q × n scores: score descending,
 * NaN last, ties by position.
 *
 * The maximum of each bin of 64 neighbouring items is kept; the k best bins, ties by position, hold the k best items;
 * those bins are scored again and the k best of them selected by radix and put in order. Scores have the bits of `dot`.
 */
export const topk: Kernel<TopkCall> = topkWithin(SCRATCH_BYTES);

/** `topk` with another bound on its scratch memory, in bytes. */
export function topkWithin(scratchBytes: number): Kernel<TopkCall> {
  return { name: 'topk', plan: (launcher, call) => plan(launcher, call, scratchBytes) };
}

async function plan(launcher: Launcher, call: TopkCall, scratchBytes: number): Promise<Plan> {
  const { queries, items, k } = call;
  if (!Number.isInteger(k) || k < 1) {
    throw new KernelError('INPUT_INVALID', `Expected k to be an integer from 1 up; got ${k}.`);
  }
  const width = Math.min(k, items.rows);
  requireSameDims(queries, items);
  requireShape('rows', call.rows, queries.rows, width);
  requireShape('scores', call.scores, queries.rows, width);
  const spans = {
    queries: spanOf('queries', queries),
    items: spanOf('items', items),
    rows: spanOf('rows', call.rows),
    scores: spanOf('scores', call.scores),
  };
  if (queries.rows === 0 || width === 0) return planOf([]);

  const bins = Math.ceil(items.rows / TILE_ITEMS);
  const kept = Math.min(width, bins);
  const shape = { queries: queries.rows, items: items.rows, dims: queries.columns, bins, kept, k: width };
  const perQuery = 4 * (bins + 2 * kept + 2 * kept * TILE_ITEMS + 2 * width);
  const group = Math.max(1, Math.min(queries.rows, MAX_GROUP, Math.floor(scratchBytes / perQuery)));
  const scratch = await leaseScratch(launcher, group, shape);
  try {
    return { steps: await planSteps(launcher, shape, group, spans, scratch), [Symbol.dispose]: scratch.dispose };
  } catch (error) {
    scratch.dispose();
    throw error;
  }
}

interface Shape {
  readonly queries: number;
  readonly items: number;
  readonly dims: number;
  readonly bins: number;
  /** Bins that are scored again, of each query. */
  readonly kept: number;
  readonly k: number;
}

interface Scratch {
  readonly maxima: Span;
  readonly kept: Span;
  readonly keptKeys: Span;
  readonly keys: Span;
  readonly scores: Span;
  readonly candidates: Span;
  readonly candidateKeys: Span;
  readonly dispose: () => void;
}

async function leaseScratch(launcher: Launcher, group: number, { bins, kept, k }: Shape): Promise<Scratch> {
  const leases: Lease[] = [];
  const dispose = (): void => {
    for (const lease of leases) lease[Symbol.dispose]();
  };
  const lease = async (perQuery: number): Promise<Span> => {
    const size = group * perQuery * 4;
    const taken = await launcher.scratch(size);
    leases.push(taken);
    return { buffer: taken.buffer, offset: 0, size };
  };
  try {
    return {
      maxima: await lease(bins),
      kept: await lease(kept),
      keptKeys: await lease(kept),
      keys: await lease(kept * TILE_ITEMS),
      scores: await lease(kept * TILE_ITEMS),
      candidates: await lease(k),
      candidateKeys: await lease(k),
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

async function planSteps(
  launcher: Launcher,
  { queries, items, dims, bins, kept, k }: Shape,
  group: number,
  spans: Readonly<Record<'queries' | 'items' | 'rows' | 'scores', Span>>,
  scratch: Scratch,
): Promise<Step[]> {
  const constants = tileShape(group);
  const [maxima, select, rescore, rank] = await Promise.all([
    launcher.pipeline({ files: [tileFile, orderKey, file('maxima.wgsl')], constants }),
    launcher.pipeline(selectProgram),
    launcher.pipeline(rescoreProgram),
    launcher.pipeline(rankProgram),
  ]);
  const steps: Step[] = [];
  for (let first = 0; first < queries; first += group) {
    const end = Math.min(queries, first + group);
    const count = end - first;
    steps.push(
      {
        pipeline: maxima,
        bindings: [spans.queries, spans.items, scratch.maxima],
        immediates: Uint32Array.of(first, end, items, dims),
        workgroups: launcher.grid(bins, Math.ceil(count / constants.QUERIES)),
      },
      {
        pipeline: select,
        bindings: [scratch.maxima, scratch.kept, scratch.keptKeys],
        immediates: Uint32Array.of(count, bins, kept),
        workgroups: launcher.grid(count),
      },
      {
        pipeline: rescore,
        bindings: [spans.queries, spans.items, scratch.kept, scratch.keys, scratch.scores],
        immediates: Uint32Array.of(first, items, dims, kept),
        workgroups: launcher.grid(kept, count),
      },
      {
        pipeline: select,
        bindings: [scratch.keys, scratch.candidates, scratch.candidateKeys],
        immediates: Uint32Array.of(count, kept * TILE_ITEMS, k),
        workgroups: launcher.grid(count),
      },
      {
        pipeline: rank,
        bindings: [scratch.kept, scratch.scores, scratch.candidates, scratch.candidateKeys, spans.rows, spans.scores],
        immediates: Uint32Array.of(first, kept, k),
        workgroups: launcher.grid(Math.ceil(k / 64), count),
      },
    );
  }
  return steps;
}
