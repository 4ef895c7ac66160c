import type { Launcher, Span, Step } from '../contract.ts';
import { matrixProgram, type MatrixShape } from '../gemm/matrix/shape.ts';
import { tileGrid, tileProgram } from '../tile/program.ts';
import { TILE_SHAPES } from '../tile/shape.ts';
import { BIN, type Scoring } from './search.ts';
import type { Segment } from './segments.ts';

/** Fewer queries are bound by memory, whatever multiplies. */
export const MATRIX_QUERIES = 16;

/** As in `repair.wgsl`. */
const CHUNK = 256;
/** Unit roundoff of float32. */
const u = 2 ** -24;

const file = (name: string): URL => new URL(name, import.meta.url);
const maximaFiles = ['../tile/place.wgsl', 'order-key.wgsl', 'allowed.wgsl', 'matrix-maxima.wgsl'].map(file);
const thresholdProgram = { files: ['order-key.wgsl', 'threshold.wgsl'].map(file) };
const repairFiles = ['order-key.wgsl', 'allowed.wgsl', 'repair.wgsl'].map(file);

/**
 * Maxima of bins by tensor cores. Those of bytes are exact. Those of floats, summed in another order, say which bins can
 * be among the best, and the maxima of these are computed again in the order of components: with k bins at t or above,
 * and errors up to β, no bin below t - 2β can be one of the k best. So the answers are those of any other way, to the bit.
 */
export async function matrixScoring(
  launcher: Launcher,
  segments: readonly [Segment, ...Segment[]],
  shape: MatrixShape,
  { allowed, bins, dims }: { readonly allowed: Span | undefined; readonly bins: number; readonly dims: number },
): Promise<Pick<Scoring, 'maxima' | 'repair'>> {
  const masked = (allowed?.size ?? 0) / 4;
  const [{ vectors: first }] = segments;
  const [pipeline, repair] = await Promise.all([
    launcher.pipeline(matrixProgram(first, shape, maximaFiles)),
    shape.type === 'i8' ? undefined : repairing(launcher, segments, { allowed, bins, dims }),
  ]);
  return {
    maxima: (from, end, output) =>
      segments.map(({ vectors, unused, rows, firstRow }): Step => ({
        pipeline,
        bindings: [...vectors.bindings, allowed ?? unused, output],
        immediates: Uint32Array.of(...vectors.fields(from, end), bins, firstRow / BIN, masked),
        workgroups: tileGrid(launcher, shape, end - from, rows),
      })),
    ...(repair !== undefined && { repair }),
  };
}

/** Makes those maxima exact that reach what the k-th greatest leaves open, each off by half of `slackOf` at most. */
export async function repairing(
  launcher: Launcher,
  segments: readonly [Segment, ...Segment[]],
  { allowed, bins, dims }: { readonly allowed: Span | undefined; readonly bins: number; readonly dims: number },
): Promise<NonNullable<Scoring['repair']>> {
  const masked = (allowed?.size ?? 0) / 4;
  const [threshold, repair] = await Promise.all([
    launcher.pipeline(thresholdProgram),
    launcher.pipeline(tileProgram(segments[0].vectors, TILE_SHAPES.stream1, repairFiles)),
  ]);
  const slack = new Uint32Array(Float32Array.of(slackOf(dims)).buffer)[0] ?? 0;
  return (from, end, { keys, kept, thresholds, maxima }) => [
    {
      pipeline: threshold,
      bindings: [keys, thresholds],
      immediates: Uint32Array.of(end - from, kept, slack),
      workgroups: launcher.grid(end - from),
    },
    ...segments.map(({ vectors, unused, rows, firstRow }): Step => {
      const firstBin = firstRow / BIN;
      const own = Math.ceil(rows / BIN);
      return {
        pipeline: repair,
        bindings: [...vectors.bindings, allowed ?? unused, thresholds, maxima],
        immediates: Uint32Array.of(...vectors.fields(from, end), bins, firstBin, firstBin + own, masked),
        workgroups: launcher.grid(Math.ceil(own / CHUNK) * (end - from)),
      };
    }),
  ];
}

/**
 * Twice the error of a score of tensor cores against that of the canonical order, both of vectors whose norms, scales
 * included, are 1.01 at most: Σ|qᵢxᵢ| ≤ 1.01². The first term is of the two sums (gemm/reference.ts; products of halves are
 * exact and never underflow), the others of scales and of taking it away.
 */
export function slackOf(dims: number): number {
  const gamma = (unit: number): number => (dims * unit) / (1 - dims * unit);
  return 2 * (1.03 * (gamma(4 * u) + gamma(u)) + 8 * u) + 4 * u;
}
