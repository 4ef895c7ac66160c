/** Which inputs of a chunk have an outcome, and what an acknowledgement adds to that. */
import { ServerError } from '../../errors.ts';
import type { CallOutcome } from '../../../shard/call/contract.ts';
import type { Session } from './database.ts';

export interface Span {
  readonly first: number;
  readonly count: number;
}

/** Which inputs of chunks have an outcome, by rising position; outcomes never reach over the ends of a chunk. */
export async function settledOf<Chunk extends Span & { readonly call: string }>(
  session: Session,
  chunks: readonly Chunk[],
): Promise<Map<Chunk, Span[]>> {
  if (chunks.length === 0) return new Map();
  const rows = await session.query<Span & { at: number }>(
    `select c.at::int, o.first, o.count
       from unnest($1::text[], $2::bigint[], $3::int[]) with ordinality as c (call, first, count, at)
       join warpmap.outcomes o on o.call = c.call and o.first >= c.first and o.first < c.first + c.count
       order by c.at, o.first`,
    [chunks.map(({ call }) => call), chunks.map(({ first }) => first), chunks.map(({ count }) => count)],
  );
  const byChunk = Map.groupBy(rows, ({ at }) => at);
  return new Map(chunks.map((chunk, at) => [chunk, byChunk.get(at + 1) ?? []]));
}

export function countOf(outcome: CallOutcome): number {
  return outcome.kind === 'failure' ? 1 : outcome.count;
}

/** `[first, count, …]`, rising, those that touch as one. */
export function spansOf(rising: readonly Span[]): number[] {
  const spans: number[] = [];
  let next: number | undefined;
  for (const { first, count } of rising) {
    if (first === next) spans[spans.length - 1]! += count;
    else spans.push(first, count);
    next = first + count;
  }
  return spans;
}

/**
 * The outcomes of inputs that have none, in `settled` or earlier in the list; one that covers some that have is ignored.
 * Throws `OPTION_INVALID` for one of inputs that the chunk does not have.
 */
export function freshOf(
  outcomes: readonly CallOutcome[],
  chunk: NumberedSpan,
  settled: readonly Span[],
): CallOutcome[] {
  const taken = new Uint8Array(chunk.count);
  for (const { first, count } of settled) taken.fill(1, first - chunk.first, first - chunk.first + count);
  return outcomes.filter((outcome) => {
    const count = countOf(outcome);
    const from = outcome.first - chunk.first;
    if (!(count >= 1 && from >= 0 && from + count <= chunk.count)) throw outside(outcome, chunk);
    if (taken.subarray(from, from + count).includes(1)) return false;
    taken.fill(1, from, from + count);
    return true;
  });
}

interface NumberedSpan extends Span {
  readonly index: number;
}

function outside(outcome: CallOutcome, { index, first, count }: NumberedSpan): ServerError {
  return new ServerError(
    'OPTION_INVALID',
    `Expected outcomes of chunk ${index}, which has ${count} inputs from ${first} on; got ${countOf(outcome)} from ${outcome.first} on`,
  );
}
