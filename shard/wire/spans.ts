/** Positions in a map as those travel in the head of a batch: `[first, count, first, count, …]`. */

/** Gathers what is consecutive in rising positions. */
export function spansOf(indices: readonly number[]): number[] {
  const spans: number[] = [];
  let next: number | undefined;
  for (const index of indices) {
    if (index === next) spans[spans.length - 1]!++;
    else spans.push(index, 1);
    next = index + 1;
  }
  return spans;
}

/** Spans as pairs. */
export function* pairs(spans: readonly number[]): Generator<readonly [first: number, count: number], void, undefined> {
  for (let at = 0; at < spans.length; at += 2) yield [spans[at]!, spans[at + 1]!];
}

/** The positions that spans stand for. */
export function indicesOf(spans: readonly number[]): number[] {
  const indices: number[] = [];
  for (const [first, count] of pairs(spans))
    for (let offset = 0; offset < count; offset++) indices.push(first + offset);
  return indices;
}
