import type { Context } from './context.ts';

interface Range {
  readonly first: number;
  readonly count: number;
}

/** Positions in the range that have an outcome: `[first, count, …]`, rising, those that touch as one. */
export function settledIn(context: Context, call: number, range: Range): number[] {
  const spans: number[] = [];
  let next: number | undefined;
  for (const { first, count } of outcomesIn(context, call, range)) {
    if (first === next) spans[spans.length - 1]! += count;
    else spans.push(first, count);
    next = first + count;
  }
  return spans;
}

/** By rising position; outcomes never reach over the bounds of a chunk. */
export function outcomesIn({ database }: Context, call: number, { first, count }: Range): Range[] {
  return database.all<Range>(
    'SELECT first, count FROM outcomes WHERE call = ? AND first >= ? AND first < ? ORDER BY first',
    call,
    first,
    first + count,
  );
}
