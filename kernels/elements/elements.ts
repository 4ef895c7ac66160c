import type { ElementType, Metric } from '../contract.ts';
import { KernelError } from '../errors.ts';

/** What a type is to the metrics: where its parts come from, and which family of metrics takes them. */
const TYPES = {
  f32: { part: 'f32', family: 'float' },
  f16: { part: 'f16', family: 'float' },
  i8: { part: 'integers', family: 'i8' },
  b1: { part: 'integers', family: 'b1' },
} as const;

/** Cosine is the dot product of vectors whose scales, or components, are divided by their norms. */
const METRICS: Readonly<Record<'float' | 'i8' | 'b1', Readonly<Partial<Record<Metric, string>>>>> = {
  float: { dot: 'float-dot', cosine: 'float-dot', euclidean: 'float-euclidean' },
  i8: { dot: 'i8-dot', cosine: 'i8-dot', euclidean: 'i8-euclidean' },
  b1: { hamming: 'b1-hamming', jaccard: 'b1-jaccard' },
};

/**
 * WGSL that scores rows of a type by a metric: `Part`, `PARTS` of a granule and `part(granule, index)`; `Sum` with
 * `accumulate(sum, query, item)`; `accumulate_own(own, row)`, what some metrics need of one row alone; and
 * `finish(sum, query_own, item_own, query_scale, item_scale)`, the score.
 *
 * Throws `INPUT_INVALID` for a metric that the type doesn't have.
 */
export function elementFiles(type: ElementType, metric: Metric): readonly URL[] {
  const { part, family } = TYPES[type];
  const name = METRICS[family][metric];
  if (name === undefined) {
    throw new KernelError(
      'INPUT_INVALID',
      `Expected a metric of ${Object.keys(METRICS[family]).join(', ')} for ${type}; got ${metric}.`,
    );
  }
  return [part, name].map((file) => new URL(`${file}.wgsl`, import.meta.url));
}
