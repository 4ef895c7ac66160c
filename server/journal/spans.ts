import type { Spans } from './contract.ts';

/** Spans as pairs. */
export function* pairs(spans: Spans): Generator<readonly [first: number, count: number], void, undefined> {
  for (let at = 0; at < spans.length; at += 2) yield [spans[at]!, spans[at + 1]!];
}

/** The position in the map of each input of a batch. */
export function indicesOf(spans: Spans): number[] {
  const indices: number[] = [];
  for (const [first, count] of pairs(spans))
    for (let offset = 0; offset < count; offset++) indices.push(first + offset);
  return indices;
}

/** Joins spans that touch or overlap, given by rising `first`: `[start, end, start, end, …]`, ends not included. */
export function joined(spans: Iterable<readonly [first: number, count: number]>): number[] {
  const ranges: number[] = [];
  for (const [first, count] of spans) {
    const end = first + count;
    if (count === 0) continue;
    if (ranges.length > 0 && first <= ranges.at(-1)!) ranges[ranges.length - 1] = Math.max(ranges.at(-1)!, end);
    else ranges.push(first, end);
  }
  return ranges;
}
