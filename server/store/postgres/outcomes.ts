/** What became of the inputs of a call, a page at a time. */
import type { OutcomePage, OutcomesPage } from '../contract.ts';
import { type CallFailure, type CallOutcome, MAX_CHUNK_INPUTS } from '../../../shard/call/contract.ts';
import { unpackPlain } from '../pack.ts';
import { unknownCall } from './begin.ts';
import { bytesOf } from './blocks.ts';
import type { Session } from './database.ts';

/** A page holds no more than about that, however large the outputs are. */
const PAGE_BYTES = 32 * 2 ** 20;

interface OutcomeRow {
  readonly first: number;
  readonly count: number;
  readonly number: number;
  readonly block: Buffer | null;
  readonly failure: Buffer | null;
}

interface Rows {
  readonly rows: readonly OutcomeRow[];
  /** Whether there are none after them. */
  readonly last: boolean;
}

export async function outcomesOf(session: Session, call: string, page: OutcomePage): Promise<OutcomesPage> {
  // What the call was before: outcomes that come meanwhile are then told by the next page.
  const finished = await finishedAt(session, call);
  /** Unless it has been run again since: then outcomes are missing that are still to come. */
  const isOver = async (): Promise<boolean> => finished !== null && finished === (await finishedAt(session, call));
  if ('after' in page) {
    const { rows, last } = await read(session, call, page, 'number > $2');
    return {
      outcomes: rows.map(outcomeOf),
      next: rows.at(-1)?.number ?? page.after,
      end: last && (await isOver()),
    };
  }
  const { from, failed = false } = page;
  // The outcome of the input may begin before it.
  const near = `first > $2::bigint - ${MAX_CHUNK_INPUTS} and first + count > $2`;
  const { rows, last } = await read(session, call, page, near);
  const outcomes: CallOutcome[] = [];
  let next = from;
  let gap = false;
  for (const row of rows) {
    if (row.first > next && !failed) {
      gap = true;
      break;
    }
    outcomes.push(outcomeOf(row));
    next = row.first + row.count;
  }
  return { outcomes, next, end: (last || gap) && (await isOver()) };
}

/** When the call was done or cancelled, to the microsecond. Throws `CALL_UNKNOWN`. */
async function finishedAt(session: Session, call: string): Promise<string | null> {
  const [known] = await session.query<{ finished: string | null }>(
    'select finished::text from warpmap.calls where id = $1',
    [call],
  );
  if (!known) throw unknownCall(call);
  return known.finished;
}

async function read(session: Session, call: string, page: OutcomePage, beyond: string): Promise<Rows> {
  const order = 'after' in page ? 'number' : 'first';
  const from = 'after' in page ? page.after : page.from;
  const only = page.failed === true ? 'and failure is not null' : '';
  // Lengths are known without reading the blocks. One row more than what is told shows whether it was the last.
  const rows = await session.query<OutcomeRow & { told: boolean }>(
    `select first, count, number, told, case when told then block end as block, failure
       from (
         select *, before < $3 and bytes < ${PAGE_BYTES} or rank = 1 as told
         from (
           select *, row_number() over page as rank,
             sum(count) over page - count as before,
             sum(coalesce(octet_length(block), octet_length(failure))) over page as bytes
           from (
             select * from warpmap.outcomes where call = $1 and ${beyond} ${only} order by ${order} limit $3 + 1
           ) as found window page as (order by ${order})
         ) as counted
       ) as judged where rank = 1 or told or rank <= $3 + 1 order by ${order}`,
    [call, from, page.limit],
  );
  const told = rows.filter((row) => row.told);
  return { rows: told, last: told.length === rows.length };
}

function outcomeOf({ first, count, block, failure }: OutcomeRow): CallOutcome {
  if (failure) return { kind: 'failure', first, failure: unpackPlain<CallFailure>(failure) };
  return { kind: 'outputs', first, count, block: bytesOf(block!) };
}
