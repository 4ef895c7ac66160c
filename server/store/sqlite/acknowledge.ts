import { ServerError } from '../../errors.ts';
import { pairs } from '../../../shard/wire/spans.ts';
import type { CallOutcome } from '../../../shard/call/contract.ts';
import type { Acknowledgement } from '../contract.ts';
import { packFailure, packPlain, unpackPlain } from '../pack.ts';
import { type Context, finishIfDone } from './context.ts';
import { outcomesIn } from './settled.ts';

interface ChunkRow {
  readonly call: number;
  readonly callState: string;
  readonly chunk: number;
  readonly first: number;
  readonly count: number;
  readonly state: string;
  readonly settled: number;
  readonly fence: number;
  readonly failures: Uint8Array | null;
}

/** Whether the acknowledgement is taken. */
export function acknowledge(context: Context, { lease, outcomes, retried, failures, next }: Acknowledgement): boolean {
  const { database } = context;
  const chunk = database.get<ChunkRow>(
    `SELECT chunks.*, calls.state AS callState FROM calls
     JOIN chunks ON chunks.call = calls.id AND chunks.chunk = ? WHERE calls.call = ?`,
    lease.index,
    lease.call,
  );
  if (!chunk || chunk.callState === 'cancelled' || chunk.fence !== lease.fence) return false;
  // The lease was finished or released: this is the same once more, since its answer was not heard.
  if (chunk.state !== 'leased') return true;
  const settled = settledOf(context, chunk);
  const added = addOutcomes(context, { chunk, settled, outcomes });
  const count = chunk.settled + added.done + added.failed;
  database.run(
    `UPDATE chunks SET settled = ?, failures = ?, losses = iif(?, 0, losses) WHERE call = ? AND chunk = ?`,
    count,
    failuresLeft(chunk, settled, failures),
    Number(count > chunk.settled),
    chunk.call,
    chunk.chunk,
  );
  database.run(
    'UPDATE calls SET running = running - ?, done = done + ?, failed = failed + ?, retried = retried + ? WHERE id = ?',
    added.done + added.failed,
    added.done,
    added.failed,
    retried,
    chunk.call,
  );
  if (count === chunk.count) finish(context, chunk);
  else if (next !== 'keep') release(context, chunk, { left: chunk.count - count, afterMs: afterMsOf(next) });
  return true;
}

function finish(context: Context, { call, chunk }: ChunkRow): void {
  context.database.run(
    `UPDATE chunks SET state = 'done', since = NULL, until = NULL WHERE call = ? AND chunk = ?`,
    call,
    chunk,
  );
  finishIfDone(context, call);
}

function release(
  { database, now }: Context,
  { call, chunk }: ChunkRow,
  { left, afterMs }: { readonly left: number; readonly afterMs: number },
): void {
  const delayed = afterMs > 0;
  const time = now();
  database.run(
    'UPDATE chunks SET state = ?, since = ?, until = ? WHERE call = ? AND chunk = ?',
    delayed ? 'delayed' : 'ready',
    delayed ? time : null,
    delayed ? time + afterMs : null,
    call,
    chunk,
  );
  database.run(
    'UPDATE calls SET running = running - ?, pending = pending + ?, ready = ready + ? WHERE id = ?',
    left,
    left,
    Number(!delayed),
    call,
  );
}

function afterMsOf(next: Acknowledgement['next']): number {
  return typeof next === 'object' ? Math.ceil(next.release.afterMs) : 0;
}

/** A byte for each input of the chunk: 1 where it has an outcome. */
function settledOf(context: Context, chunk: ChunkRow): Uint8Array {
  const settled = new Uint8Array(chunk.count);
  const known = chunk.settled > 0 ? outcomesIn(context, chunk.call, chunk) : [];
  for (const { first, count } of known) settled.fill(1, first - chunk.first, first - chunk.first + count);
  return settled;
}

interface Addition {
  readonly chunk: ChunkRow;
  /** Is brought up to date. */
  readonly settled: Uint8Array;
  readonly outcomes: readonly CallOutcome[];
}

/** Adds the outcomes of inputs that have none, and tells how many inputs have got one. */
function addOutcomes(
  { database }: Context,
  { chunk, settled, outcomes }: Addition,
): { readonly done: number; readonly failed: number } {
  let done = 0;
  let failed = 0;
  for (const outcome of outcomes) {
    const count = outcome.kind === 'outputs' ? outcome.count : 1;
    const from = outcome.first - chunk.first;
    if (!(count >= 1 && from >= 0 && from + count <= chunk.count)) throw outside(chunk, outcome.first, count);
    if (settled.subarray(from, from + count).includes(1)) continue;
    settled.fill(1, from, from + count);
    if (outcome.kind === 'failure') failed++;
    else done += count;
    database.run(
      'INSERT INTO outcomes (call, chunk, first, count, failure, block) VALUES (?, ?, ?, ?, ?, ?)',
      chunk.call,
      chunk.chunk,
      outcome.first,
      count,
      outcome.kind === 'failure' ? packFailure(outcome.failure) : null,
      outcome.kind === 'outputs' ? outcome.block : null,
    );
  }
  return { done, failed };
}

/** What the next lease is to be told: of inputs that have no outcome. */
function failuresLeft(
  chunk: ChunkRow,
  settled: Uint8Array,
  given: readonly number[] | undefined,
): Uint8Array<ArrayBuffer> | null {
  const told = given ?? (chunk.failures ? unpackPlain<number[]>(chunk.failures) : []);
  const left = [...pairs(told)].filter(([position]) => settled[position - chunk.first] === 0).flat();
  return left.length > 0 ? packPlain(left) : null;
}

function outside({ chunk, first, count }: ChunkRow, from: number, many: number): ServerError {
  return new ServerError(
    'OPTION_INVALID',
    `Expected outcomes of chunk ${chunk}, which has ${count} inputs from ${first} on; got ${many} from ${from} on`,
  );
}
