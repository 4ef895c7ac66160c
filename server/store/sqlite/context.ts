import type { CallState } from '../../../shard/call/contract.ts';
import { ServerError } from '../../errors.ts';
import type { Database } from '../../sqlite/database.ts';

/** What the verbs of the store work on. Those that write are called within a transaction. */
export interface Context {
  readonly database: Database;
  /** Milliseconds since 1970, by the clock of the machine, which may be set. */
  readonly now: () => number;
}

/** What a call is in the other tables, and what is most often asked of it. */
export interface CallHead {
  readonly id: number;
  readonly state: CallState;
  readonly chunks: number;
  readonly inputs: number;
  readonly pending: number;
  readonly running: number;
}

/** Throws `CALL_UNKNOWN`. */
export function findCall({ database }: Context, call: string): CallHead {
  const found = database.get<CallHead>(
    'SELECT id, state, chunks, inputs, pending, running FROM calls WHERE call = ?',
    call,
  );
  if (!found) throw callUnknown(call);
  return found;
}

export function callUnknown(call: string): ServerError {
  return new ServerError('CALL_UNKNOWN', `There is no call ${call}: it never began, or was removed`);
}

/** A call that is sealed is done when nothing of it waits or runs. */
export function finishIfDone({ database, now }: Context, id: number): void {
  database.run(
    `UPDATE calls SET state = 'done', finished = ? WHERE id = ? AND state = 'sealed' AND pending = 0 AND running = 0`,
    now(),
    id,
  );
}
