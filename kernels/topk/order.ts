import type { Leases } from '../buffers/leases.ts';
import type { Launcher, Span, Step } from '../contract.ts';
import { mergeStep } from './merge.ts';

/** Selected candidates of some queries, and where their answers go. */
export interface OrderCall {
  readonly queries: number;
  /** Candidates of each query. */
  readonly count: number;
  readonly keys: Span;
  readonly positions: Span;
  /** Position p of a query stands for row `origins[p / each] * each + p % each`; `stride` origins a query. */
  readonly origins: { readonly span: Span; readonly stride: number; readonly each: number };
  /** The query that the answers start with, among `rows` and `scores`, and their places. */
  readonly firstQuery: number;
  readonly places: number;
  readonly rows: Span;
  readonly scores: Span;
}

export interface OrderScratch {
  readonly rows: Span;
  readonly scores: Span;
  readonly unused: Span;
}

/** Candidates that one workgroup sorts at most. */
const BLOCK = 2048;
const sortFiles = ['order-key.wgsl', 'sort.wgsl'].map((name) => new URL(name, import.meta.url));

/** Values of 4 bytes that a query takes of `rows` and `scores` of `OrderScratch`. */
export function orderWords(places: number): readonly [rows: number, scores: number] {
  const words = places <= BLOCK ? 0 : Math.ceil(places / BLOCK) * BLOCK;
  return [words, words];
}

export async function leaseOrder(leases: Leases, queries: number, places: number): Promise<OrderScratch> {
  const [rows, scores] = orderWords(places);
  return {
    rows: await leases.words(queries * rows),
    scores: await leases.words(queries * scores),
    unused: await leases.words(1),
  };
}

/** Answers in order, best first; a place that no candidate is left for has row 0xffffffff and score NaN. */
export async function orderSteps(launcher: Launcher, call: OrderCall, scratch: OrderScratch): Promise<Step[]> {
  const { queries, count, keys, positions, origins, firstQuery, places } = call;
  const blocks = Math.ceil(places / BLOCK);
  const direct = blocks === 1;
  const length = direct ? places : blocks * BLOCK;
  const sort: Step = {
    pipeline: await launcher.pipeline({ files: sortFiles, constants: sortShape(places) }),
    bindings: [keys, positions, origins.span, direct ? call.rows : scratch.rows, direct ? call.scores : scratch.scores],
    immediates: Uint32Array.of(queries, count, blocks, origins.each, origins.stride, direct ? firstQuery : 0, length),
    workgroups: launcher.grid(queries * blocks),
  };
  if (direct) return [sort];
  const merge = await mergeStep(launcher, {
    queries,
    parts: blocks,
    length: BLOCK,
    queryStride: length,
    partStride: BLOCK,
    rows: scratch.rows,
    scores: scratch.scores,
    unused: scratch.unused,
    firstQuery,
    places,
    bestRows: call.rows,
    bestScores: call.scores,
  });
  return [sort, merge];
}

function sortShape(places: number): Readonly<Record<string, number>> {
  return places <= 256 ? { THREADS: 64, BLOCK: 256 } : { THREADS: 256, BLOCK };
}
