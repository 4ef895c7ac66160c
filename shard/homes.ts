import type { Home } from './options.ts';

/** Inputs of which a lane has something that others lack. */
export interface LaneRanges {
  /** Name of the lane. */
  readonly lane: string;
  /** Positions in the map: `[start, end, start, end, …]`, rising, ends not included. */
  readonly ranges: readonly number[];
}

/** Where inputs belong, as `homeOf` of a map's options wants it; where several lanes have one, to the first of them. */
export function homes(lanes: readonly LaneRanges[]): (index: number) => Home | undefined {
  return (index) => {
    for (const { lane, ranges } of lanes) {
      // The number of bounds at or below the index: odd inside a range, even between two.
      const bounds = countUpTo(ranges, index);
      if (bounds % 2 === 1) return { lane, end: ranges[bounds]! };
    }
    return undefined;
  };
}

function countUpTo(rising: readonly number[], value: number): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
