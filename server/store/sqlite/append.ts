import type { CallChunk } from '../../../shard/call/contract.ts';
import { ServerError } from '../../errors.ts';
import { overlapping } from '../neighbours.ts';
import { type Context, findCall } from './context.ts';

export function append(context: Context, call: string, chunks: readonly CallChunk[]): void {
  const { database } = context;
  const { id, state } = findCall(context, call);
  const known = database.statement('SELECT 1 FROM chunks WHERE call = ? AND chunk = ?');
  // Also of those that come twice in one request the first counts.
  const added = new Map<number, CallChunk>();
  for (const chunk of chunks) {
    if (!added.has(chunk.index) && known.get(id, chunk.index) === undefined) added.set(chunk.index, chunk);
  }
  if (added.size === 0) return;
  if (state !== 'open') {
    throw new ServerError('CALL_SEALED', `Call ${call} is ${state}, and takes no more inputs; begin another call`);
  }
  let inputs = 0;
  for (const { index, first, count, block } of added.values()) {
    if (!fits(context, id, { index, first, count })) throw overlapping(call, index);
    const { lastInsertRowid } = database.statement('INSERT INTO blocks (bytes) VALUES (?)').run(block);
    database.run(
      'INSERT INTO chunks (call, chunk, first, count, block) VALUES (?, ?, ?, ?, ?)',
      id,
      index,
      first,
      count,
      lastInsertRowid,
    );
    inputs += count;
  }
  database.run(
    `UPDATE calls SET chunks = chunks + ?, inputs = inputs + ?, pending = pending + ?, ready = ready + ?, touched = ?
     WHERE id = ?`,
    added.size,
    inputs,
    inputs,
    added.size,
    context.now(),
    id,
  );
}

interface Neighbour {
  readonly chunk: number;
  readonly first: number;
  readonly count: number;
}

/** Whether it has no input that others have, and leaves one at least to each chunk between it and its neighbours. */
function fits({ database }: Context, call: number, { index, first, count }: Omit<CallChunk, 'block'>): boolean {
  const columns = 'chunk, first, count';
  const before = database.get<Neighbour>(
    `SELECT ${columns} FROM chunks WHERE call = ? AND chunk < ? ORDER BY chunk DESC LIMIT 1`,
    call,
    index,
  ) ?? { chunk: -1, first: 0, count: 0 };
  if (before.first + before.count + (index - before.chunk - 1) > first) return false;
  const after = database.get<Neighbour>(
    `SELECT ${columns} FROM chunks WHERE call = ? AND chunk > ? ORDER BY chunk LIMIT 1`,
    call,
    index,
  );
  return !after || first + count + (after.chunk - index - 1) <= after.first;
}
