import type { Context } from './context.ts';

/** A place at the end of the queue of calls: one that is new waits once for each of the others, and they for it. */
export function nextTurn({ database }: Context): number {
  return database.get<{ turn: number }>('UPDATE store SET turn = turn + 1 RETURNING turn')!.turn;
}
