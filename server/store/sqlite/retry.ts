import { type Context, findCall } from './context.ts';

interface FailedChunk {
  readonly chunk: number;
  readonly failures: number;
  readonly state: string;
}

export function retry(context: Context, call: string): number {
  const { database } = context;
  const { id, state } = findCall(context, call);
  const failed = forgetFailures(context, id);
  const { cancelled } = database.get<{ cancelled: number }>('SELECT cancelled FROM calls WHERE id = ?', id)!;
  if (failed + cancelled === 0) return 0;
  // What was cancelled before all its inputs had come takes no more of them.
  if (state !== 'open') database.run(`UPDATE calls SET state = 'sealed', finished = NULL WHERE id = ?`, id);
  database.run('UPDATE calls SET pending = pending + cancelled, cancelled = 0 WHERE id = ?', id);
  return failed + cancelled;
}

/** Chunks that have failures wait anew, but those that are leased: who has them does not know of the retry. */
function forgetFailures({ database }: Context, id: number): number {
  const chunks = database.all<FailedChunk>(
    `SELECT chunks.chunk, failed.failures, chunks.state FROM
       (SELECT chunk, count(*) AS failures FROM outcomes WHERE call = ? AND failure IS NOT NULL GROUP BY chunk) AS failed
     JOIN chunks ON chunks.call = ? AND chunks.chunk = failed.chunk`,
    id,
    id,
  );
  let pending = 0;
  let running = 0;
  let ready = 0;
  for (const { chunk, failures, state } of chunks) {
    database.run('UPDATE chunks SET settled = settled - ? WHERE call = ? AND chunk = ?', failures, id, chunk);
    if (state === 'leased') running += failures;
    else pending += failures;
    if (state !== 'done') continue;
    ready++;
    // Those who had it before have no say any more; and what was lost before is forgotten too.
    database.run(
      `UPDATE chunks SET state = 'ready', fence = fence + 1, losses = 0, failures = NULL WHERE call = ? AND chunk = ?`,
      id,
      chunk,
    );
  }
  database.run('DELETE FROM outcomes WHERE call = ? AND failure IS NOT NULL', id);
  database.run(
    `UPDATE calls SET failed = failed - ?, pending = pending + ?, running = running + ?, ready = ready + ? WHERE id = ?`,
    pending + running,
    pending,
    running,
    ready,
    id,
  );
  return pending + running;
}
