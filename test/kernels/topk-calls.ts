/** `topk` and its reference, called with what the host has packed. */
import type { ExecutionContext } from 'ava';
import { Leases } from '../../kernels/buffers/leases.ts';
import { topk, type HostPanels, type Kernel, type Launcher, type Metric, type TopkCall } from '../../kernels/index.ts';
import type { TileShape } from '../../kernels/tile/shape.ts';
import { topkReference } from '../../kernels/topk/reference.ts';
import { uploadPanels } from './panel-calls.ts';

export interface TopkQuestion {
  readonly queries: HostPanels;
  readonly items: readonly HostPanels[];
  readonly metric: Metric;
  readonly k: number;
  readonly allowed?: Uint32Array<ArrayBuffer>;
  readonly recallTarget?: number;
  readonly normalized?: boolean;
  readonly shape?: TileShape;
}

export interface TopkAnswer {
  readonly rows: Uint32Array<ArrayBuffer>;
  readonly scores: Float32Array<ArrayBuffer>;
}

export async function askTopk(
  launcher: Launcher,
  { queries, items, metric, k, allowed, ...options }: TopkQuestion,
  kernel: Kernel<TopkCall> = topk,
): Promise<TopkAnswer> {
  using stack = new DisposableStack();
  const left = stack.use(await uploadPanels(launcher, queries));
  const right = [];
  for (const segment of items) right.push(stack.use(await uploadPanels(launcher, segment)).panels);
  const words = stack.use(await launcher.upload(allowed ?? new Uint32Array(0)));
  const leases = stack.use(new Leases(launcher));
  const [rows, scores] = [await leases.words(queries.rows * k), await leases.words(queries.rows * k)];
  const best = { rows: queries.rows, columns: k };
  const plan = stack.use(
    await kernel.plan(launcher, {
      queries: left.panels,
      items: right,
      metric,
      k,
      rows: { buffer: rows.buffer, ...best },
      scores: { buffer: scores.buffer, ...best },
      ...(allowed !== undefined && { allowed: { buffer: words.buffer, rows: allowed.length, columns: 1 } }),
      ...options,
    }),
  );
  const [bestRows, bestScores] = await launcher.submit(plan.steps, [rows, scores]);
  return {
    rows: new Uint32Array(bestRows!).subarray(0, queries.rows * k),
    scores: new Float32Array(bestScores!).subarray(0, queries.rows * k),
  };
}

/** Asserts the rows of the float64 reference and its scores to nearest, for vectors whose scores are so in float32. */
export function equalsReference(t: ExecutionContext, actual: TopkAnswer, question: TopkQuestion, about: string): void {
  const expected = topkReference(question);
  t.is(difference(actual.rows, expected.rows), -1, `rows: ${about}`);
  t.is(difference(actual.scores, Float32Array.from(expected.scores)), -1, `scores: ${about}`);
}

/** Where two lists first differ; -1: nowhere. Zeros are equal, as are all NaN. Of long lists `deepEqual` takes seconds. */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Math.min(actual.length, expected.length);
  for (let at = 0; at < actual.length; at++) {
    const [one, other] = [actual[at], expected[at]];
    if (one !== other && !(Number.isNaN(one) && Number.isNaN(other))) return at;
  }
  return -1;
}

/** One bit a row: whether it may be answered. */
export function bitmap(rows: number, allows: (row: number) => boolean): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(rows / 32));
  for (let row = 0; row < rows; row++) {
    if (allows(row)) words[row >>> 5] = ((words[row >>> 5] ?? 0) | (1 << (row % 32))) >>> 0;
  }
  return words;
}
