/** Joins spans that touch or overlap, given by rising `first`: `[start, end, start, end, …]`, ends not included. */
export function rangesOf(spans: Iterable<readonly [first: number, count: number]>): number[] {
  const ranges: number[] = [];
  for (const [first, count] of spans) {
    const end = first + count;
    if (ranges.length > 0 && first <= ranges.at(-1)!) ranges[ranges.length - 1] = Math.max(ranges.at(-1)!, end);
    else ranges.push(first, end);
  }
  return ranges;
}
