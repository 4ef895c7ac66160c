/**
 * In turn, so that no call starves another: each chunk has a turn, and lower turns are leased first. The chunks of a call
 * have one after the other. A call that begins, or goes on, does so at the turn that its queue has come to, beside the
 * calls that are there; what came before stays ahead of what comes later and later. This is start-time fair queueing
 * (Goyal, Vin and Cheng, 1996) with chunks of one size.
 */
import type { Session } from './database.ts';

/** pg-boss orders by a number of 32 bits. */
const LAST = 2 ** 31 - 1;
/** From here on a queue without unfinished calls begins anew. */
const HIGH = 2 ** 30;

interface InLine {
  /** That of chunk 0 of the call, as of the last one that was appended. */
  readonly turn: number;
  /** Number of the last chunk; -1 before the first. */
  readonly last: number;
  /** Turn that its queue has come to. */
  readonly reached: number;
}

/** The turn of chunk 0 with which chunks from `lowest` on are appended: none that is over, unless one behind them has its turn already. */
export function offsetOf({ turn, last, reached }: InLine, lowest: number): number {
  if (last < 0) return reached + 1 - lowest;
  return lowest < last ? turn : Math.max(turn, reached + 1 - lowest);
}

export function turnOf(offset: number, index: number): number {
  return Math.min(offset + index, LAST);
}

/**
 * Notes the turn that a queue has come to. It is no part of the transaction that leased: nodes would wait for each
 * other's disk, and if it is lost in a crash, a call is served somewhat early.
 */
export async function reach(session: Session, queue: string, turn: number): Promise<void> {
  await session.query('update warpmap.queues set turn = $2 where name = $1 and turn < $2', [queue, turn]);
}

/** Makes the queue known, or begins its turns anew where they have grown high and nobody is in line. */
export async function settleQueue(session: Session, queue: string): Promise<void> {
  await session.query('insert into warpmap.queues (name) values ($1) on conflict do nothing', [queue]);
  await session.query(
    `update warpmap.queues set turn = 0 where name = $1 and turn > ${HIGH}
       and not exists (select from warpmap.calls where queue = $1 and state in ('open', 'sealed'))`,
    [queue],
  );
}
