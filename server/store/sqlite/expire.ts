import type { Context } from './context.ts';

/** Leases and delays that are ended at once. */
const AT_ONCE = 1000;

/** Milliseconds that a clock may be set back without an effect: small corrections are daily business. */
const STEP_MS = 1000;

interface Timed {
  readonly call: number;
  readonly chunk: number;
  readonly state: 'leased' | 'delayed';
  readonly left: number;
}

/**
 * Frees chunks whose lease or delay is over, or began in the future: then the clock was set back, and nobody knows when
 * it began. Leases that end too soon do no harm, since their fences hold.
 */
export function expire({ database, now }: Context): void {
  const time = now();
  const columns = 'call, chunk, state, count - settled AS left';
  const over = [
    ...database.all<Timed>(`SELECT ${columns} FROM chunks WHERE until <= ? LIMIT ${AT_ONCE}`, time),
    ...database.all<Timed>(`SELECT ${columns} FROM chunks WHERE since > ? LIMIT ${AT_ONCE}`, time + STEP_MS),
  ];
  for (const { call, chunk, state, left } of over) {
    const lost = Number(state === 'leased');
    const freed = database.run(
      `UPDATE chunks SET state = 'ready', fence = fence + ?, losses = losses + ?, since = NULL, until = NULL
       WHERE call = ? AND chunk = ? AND until IS NOT NULL`,
      lost,
      lost,
      call,
      chunk,
    );
    if (freed === 0) continue;
    // A cancelled call has nothing that runs.
    database.run(
      'UPDATE calls SET ready = ready + 1, pending = pending + ?, running = running - ? WHERE id = ?',
      lost * left,
      lost * left,
      call,
    );
  }
}
