/** Which inputs of a chunk have an outcome, and what an acknowledgement adds to that. */
import { decodeBlock, encodeBlock } from '../../../shard/wire/block.ts';
import { Chunks } from '../../../shard/wire/chunks.ts';
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

/** The outcomes, or parts of them, that are of inputs of the chunk that have none in `settled` or earlier in the list. */
export function freshOf(outcomes: readonly CallOutcome[], chunk: Span, settled: readonly Span[]): CallOutcome[] {
  const taken = new Uint8Array(chunk.count);
  for (const { first, count } of settled) taken.fill(1, Math.max(0, first - chunk.first), first - chunk.first + count);
  const fresh: CallOutcome[] = [];
  for (const outcome of outcomes) {
    const count = countOf(outcome);
    for (const free of freeSpans(taken, outcome.first - chunk.first, count)) {
      taken.fill(1, free.first, free.first + free.count);
      fresh.push(cut(outcome, { first: free.first + chunk.first, count: free.count }));
    }
  }
  return fresh;
}

/** Runs of zeros within a window, which may reach over the ends. */
function* freeSpans(taken: Uint8Array, from: number, count: number): Generator<Span> {
  let first = Math.max(0, from);
  const end = Math.min(taken.length, from + count);
  while (first < end) {
    while (first < end && taken[first] === 1) first++;
    let to = first;
    while (to < end && taken[to] === 0) to++;
    if (to > first) yield { first, count: to - first };
    first = to;
  }
}

/** The part of an outcome that is of those inputs. */
export function cut(outcome: CallOutcome, { first, count }: Span): CallOutcome {
  if (outcome.kind === 'failure' || (outcome.first === first && outcome.count === count)) return outcome;
  const from = first - outcome.first;
  const values = decodeBlock({ bytes: new Chunks([outcome.block]) }).slice(from, from + count);
  return { kind: 'outputs', first, count, block: encodeBlock(values).bytes.joined() };
}
