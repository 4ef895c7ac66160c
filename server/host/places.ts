import { pairs } from '../../shard/wire/spans.ts';
import type { Places } from './messages.ts';

/** Where in the map some inputs of a batch are, by their rising positions in it and the spans of the batch. */
export function placesOf(spans: readonly number[] | undefined, positions: readonly number[]): Places {
  if (spans === undefined || spans.length <= 2) return spans?.[0] ?? 0;
  const places = new Float64Array(positions.length);
  let next = 0;
  let begin = 0;
  for (const [first, count] of pairs(spans)) {
    const end = begin + count;
    for (; next < positions.length && positions[next]! < end; next++) places[next] = first + positions[next]! - begin;
    begin = end;
  }
  return places;
}
