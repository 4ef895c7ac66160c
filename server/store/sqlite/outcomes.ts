import type { CallFailure, CallOutcome } from '../../../shard/call/contract.ts';
import type { OutcomePage, OutcomesPage } from '../contract.ts';
import { unpackPlain } from '../pack.ts';
import { callUnknown, type Context } from './context.ts';

/** Bytes of blocks and failures after which a page ends. */
const PAGE_BYTES = 16 * 1024 * 1024;

const COLUMNS = 'id, first, count, failure, block';

interface OutcomeRow {
  readonly id: number;
  readonly first: number;
  readonly count: number;
  readonly failure: Uint8Array | null;
  readonly block: Uint8Array<ArrayBuffer> | null;
}

/** To be called while reading, so that the call's state is of the moment that the outcomes are of. */
export function outcomes({ database }: Context, call: string, page: OutcomePage): OutcomesPage {
  const found = database.get<{ id: number; finished: number | null }>(
    'SELECT id, finished FROM calls WHERE call = ?',
    call,
  );
  if (!found) throw callUnknown(call);
  const failed = page.failed ?? false;
  const byPosition = 'from' in page;
  const rows = byPosition
    ? positioned({ database }, found.id, { from: page.from, failed })
    : database.each<OutcomeRow>(
        `SELECT ${COLUMNS} FROM outcomes WHERE call = ? AND id > ? ${failed ? 'AND failure IS NOT NULL' : ''} ORDER BY id`,
        found.id,
        page.after,
      );
  const told: CallOutcome[] = [];
  let next = byPosition ? page.from : page.after;
  let inputs = 0;
  let bytes = 0;
  let more = false;
  for (const row of rows) {
    if (told.length > 0 && (inputs + row.count > page.limit || bytes >= PAGE_BYTES)) {
      more = true;
      break;
    }
    told.push(outcomeOf(row));
    next = byPosition ? row.first + row.count : row.id;
    inputs += row.count;
    bytes += (row.block ?? row.failure)?.length ?? 0;
  }
  return { outcomes: told, next, end: found.finished !== null && !more };
}

/** Outcomes from that which has input `from` on, until there is a gap; of failures, whatever comes. */
function* positioned(
  { database }: Pick<Context, 'database'>,
  call: number,
  { from, failed }: { readonly from: number; readonly failed: boolean },
): Generator<OutcomeRow, void, undefined> {
  if (failed) {
    yield* database.each<OutcomeRow>(
      `SELECT ${COLUMNS} FROM outcomes WHERE call = ? AND first >= ? AND failure IS NOT NULL ORDER BY first`,
      call,
      from,
    );
    return;
  }
  const start = database.get<{ first: number }>(
    'SELECT first FROM outcomes WHERE call = ? AND first <= ? ORDER BY first DESC LIMIT 1',
    call,
    from,
  );
  if (!start) return;
  let next: number | undefined;
  for (const row of database.each<OutcomeRow>(
    `SELECT ${COLUMNS} FROM outcomes WHERE call = ? AND first >= ? ORDER BY first`,
    call,
    start.first,
  )) {
    if (next === undefined ? row.first + row.count <= from : row.first !== next) return;
    next = row.first + row.count;
    yield row;
  }
}

function outcomeOf({ first, count, failure, block }: OutcomeRow): CallOutcome {
  if (failure) return { kind: 'failure', first, failure: unpackPlain<CallFailure>(failure) };
  return { kind: 'outputs', first, count, block: block! };
}
