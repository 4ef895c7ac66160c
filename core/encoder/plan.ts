/** Which texts run together: sorted by length, so that a padded batch holds little padding. */

export interface BatchPlan {
  /** Texts of each batch, by their position in the window. */
  readonly batches: readonly Uint32Array[];
  /** Tokens that are not padding. */
  readonly tokens: number;
  /** Padding included. */
  readonly padded: number;
}

export interface PlanLimits {
  /** Most tokens in one batch, padding included; a longer text runs alone. */
  readonly tokenBudget: number;
  /** Most texts in one batch. */
  readonly maxRows: number;
  /** A batch is closed early rather than padded beyond this share of its tokens. In [0, 1]. */
  readonly maxPadding: number;
}

/**
 * Cuts texts, given as ragged offsets, into batches of `rows × longest ≤ tokenBudget`.
 * The longest batch comes first, so that memory peaks at once and not at the end.
 */
export function planBatches(offsets: Uint32Array, limits: PlanLimits): BatchPlan {
  const count = offsets.length - 1;
  const lengthOf = (text: number): number => (offsets[text + 1] ?? 0) - (offsets[text] ?? 0);
  const order = Uint32Array.from({ length: count }, (_, text) => text);
  order.sort((a, b) => lengthOf(b) - lengthOf(a) || a - b);

  const batches: Uint32Array[] = [];
  let padded = 0;
  for (let start = 0; start < count;) {
    const width = lengthOf(order[start] ?? 0);
    const most = Math.max(1, Math.min(limits.maxRows, Math.floor(limits.tokenBudget / Math.max(1, width))));
    let end = start + 1;
    let used = width;
    while (end < count && end - start < most) {
      const next = used + lengthOf(order[end] ?? 0);
      if (1 - next / ((end - start + 1) * width) > limits.maxPadding) break;
      used = next;
      end++;
    }
    batches.push(order.slice(start, end));
    padded += (end - start) * width;
    start = end;
  }
  return { batches, tokens: (offsets[count] ?? 0) - (offsets[0] ?? 0), padded };
}
