import { PANEL_ROWS } from '../panels/layout.ts';

/**
 * Expected share of the k best items that are found where one item is kept of each of `bins` bins, the items being in
 * random order: the bins that k items fall into, L · (1 − (1 − 1/L)^k), over k (arXiv 2206.14286). Bins of a limited
 * number of items do no worse.
 */
export function expectedRecall(k: number, bins: number): number {
  if (bins <= 1) return 1 / k;
  // -expm1(k · log1p(-1/L)) is 1 − (1 − 1/L)^k, without cancellation.
  return (bins * -Math.expm1(k * Math.log1p(-1 / bins))) / k;
}

/**
 * Items of a bin, the most of which one each need be kept for the recall that is wanted: 64 times a power of two.
 * Undefined where no such bins reach it, and the search must be exact. Bins don't reach over the ends of segments.
 */
export function binWidth(
  k: number,
  segments: readonly { readonly rows: number }[],
  target: number,
): number | undefined {
  if (target >= 1) return undefined;
  let best: number | undefined;
  for (let width = PANEL_ROWS; ; width *= 2) {
    const bins = segments.reduce((sum, { rows }) => sum + Math.floor(rows / width), 0);
    if (bins < k || expectedRecall(k, bins) < target) return best;
    best = width;
  }
}
