import type { CallStart } from '../../../shard/call/contract.ts';
import type { Claim, Lease, LeaseFate, LeaseName, Runnable } from '../contract.ts';
import { unpackPlain } from '../pack.ts';
import type { Context } from './context.ts';
import { expire } from './expire.ts';
import { settledIn } from './settled.ts';
import { nextTurn } from './turns.ts';

/** A call of which chunks can be leased. */
interface Candidate {
  readonly id: number;
  readonly call: string;
  readonly version: number | null;
  readonly function: string;
  readonly options: Uint8Array;
  readonly retries: Uint8Array;
  readonly turn: number;
}

interface ReadyChunk {
  readonly chunk: number;
  readonly first: number;
  readonly count: number;
  readonly settled: number;
  readonly fence: number;
  readonly losses: number;
  readonly failures: Uint8Array | null;
  readonly block: number;
}

export function claim(context: Context, want: Claim): Lease[] {
  expire(context);
  const leases: Lease[] = [];
  let candidates = want.functions
    .flatMap((runnable) => candidatesOf(context, runnable, want.limit))
    .toSorted((one, other) => one.turn - other.turn)
    .slice(0, want.limit);
  // Those that have less than their share leave the rest to the others.
  while (candidates.length > 0 && leases.length < want.limit) {
    const more: Candidate[] = [];
    for (const [at, candidate] of candidates.entries()) {
      const share = Math.ceil((want.limit - leases.length) / (candidates.length - at));
      const taken = take(context, candidate, { chunks: share, leaseMs: want.leaseMs });
      leases.push(...taken);
      if (taken.length === share && share > 0) more.push(candidate);
    }
    candidates = more;
  }
  return leases;
}

function candidatesOf({ database }: Context, runnable: Runnable, limit: number): Candidate[] {
  return database.all<Candidate>(
    `SELECT id, call, function, version, options, retries, turn FROM calls
     WHERE function = ? AND version IS ? AND ready > 0 AND finished IS NULL ORDER BY turn LIMIT ?`,
    runnable.function,
    runnable.version ?? null,
    limit,
  );
}

function take(
  context: Context,
  candidate: Candidate,
  { chunks, leaseMs }: { readonly chunks: number; readonly leaseMs: number },
): Lease[] {
  const { database } = context;
  const ready = database.all<ReadyChunk>(
    `SELECT chunk, first, count, settled, fence, losses, failures, block
     FROM chunks INDEXED BY chunks_ready WHERE call = ? AND state = 'ready' ORDER BY chunk LIMIT ?`,
    candidate.id,
    chunks,
  );
  if (ready.length === 0) return [];
  const now = context.now();
  for (const { chunk } of ready) {
    database.run(
      `UPDATE chunks SET state = 'leased', fence = fence + 1, since = ?, until = ? WHERE call = ? AND chunk = ?`,
      now,
      now + Math.ceil(leaseMs),
      candidate.id,
      chunk,
    );
  }
  const inputs = ready.reduce((sum, { count, settled }) => sum + count - settled, 0);
  database.run(
    'UPDATE calls SET ready = ready - ?, pending = pending - ?, running = running + ?, turn = ? WHERE id = ?',
    ready.length,
    inputs,
    inputs,
    nextTurn(context),
    candidate.id,
  );
  return ready.map((chunk) => leaseOf(context, candidate, chunk));
}

function leaseOf(context: Context, candidate: Candidate, row: ReadyChunk): Lease {
  const { block } = row;
  const { bytes } = context.database.get<{ bytes: Uint8Array<ArrayBuffer> }>(
    'SELECT bytes FROM blocks WHERE id = ?',
    block,
  )!;
  return {
    call: candidate.call,
    index: row.chunk,
    fence: row.fence + 1,
    function: candidate.function,
    ...(candidate.version !== null && { version: candidate.version }),
    options: unpackPlain<Lease['options']>(candidate.options),
    retries: unpackPlain<CallStart['retries'] | null>(candidate.retries) ?? undefined,
    first: row.first,
    count: row.count,
    block: bytes,
    settled: row.settled > 0 ? settledIn(context, candidate.id, row) : [],
    losses: row.losses,
    failures: row.failures ? unpackPlain<number[]>(row.failures) : [],
  };
}

export function renew(context: Context, leases: readonly LeaseName[], leaseMs: number): LeaseFate[] {
  return leases.map((lease) => renewOne(context, lease, leaseMs));
}

function renewOne({ database, now }: Context, { call, index, fence }: LeaseName, leaseMs: number): LeaseFate {
  const row = database.get<{ id: number; call: string; state: string; fence: number }>(
    `SELECT calls.id, calls.state AS call, chunks.state, chunks.fence FROM calls
     JOIN chunks ON chunks.call = calls.id AND chunks.chunk = ? WHERE calls.call = ?`,
    index,
    call,
  );
  // Of a call that was removed, nothing is wanted either.
  if (!row || row.call === 'cancelled') return 'cancelled';
  if (row.fence !== fence) return 'lost';
  if (row.state === 'leased') {
    const time = now();
    database.run(
      'UPDATE chunks SET since = ?, until = ? WHERE call = ? AND chunk = ?',
      time,
      time + Math.ceil(leaseMs),
      row.id,
      index,
    );
    return 'held';
  }
  return row.state === 'done' ? 'held' : 'lost';
}
