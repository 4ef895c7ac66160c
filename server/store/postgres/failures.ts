import { DatabaseError } from 'pg';
import { ServerError } from '../../errors.ts';

/** Another transaction was in the way, and the same may succeed at once: serialization, deadlock. */
export function isConflict(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === '40001' || error.code === '40P01');
}

/** What the database says of what we have asked, and not of itself: a fault of ours, which stays what it is. */
const OURS = /^(?:0[A-Z]|2[1236]|42)/;
const NO_RIGHTS = '42501';

/** `STORE_UNAVAILABLE` for what is the server's or the network's; what is typed, or our fault, as it is. */
export function translated(error: unknown, name: string): unknown {
  if (error instanceof ServerError) return error;
  const code = error instanceof DatabaseError ? (error.code ?? '') : '';
  if (OURS.test(code) && code !== NO_RIGHTS) return error;
  if (!(error instanceof Error)) return error;
  const why = error instanceof AggregateError ? error.errors.map(String).join('; ') : error.message;
  return new ServerError('STORE_UNAVAILABLE', `${name} can't be used: ${why || code}`, { cause: error });
}
