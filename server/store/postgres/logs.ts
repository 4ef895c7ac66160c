import type { LogPage } from '../contract.ts';
import type { CallLogLine } from '../../../shard/call/contract.ts';
import { packLine, unpackPlain } from '../pack.ts';
import { unknownCall } from './begin.ts';
import type { Session } from './database.ts';

/** Lines that a call keeps. */
const KEPT = 10_000;

/** The row of its head makes lines appear in the order of their numbers. */
export async function addLines(session: Session, call: string, lines: readonly CallLogLine[]): Promise<void> {
  // Nobody waits for the disk because of a line.
  await session.query('set local synchronous_commit = off');
  const [head] = await session.query<{ number: number }>(
    `insert into warpmap.log_heads as h (call, number) select id, $2::int from warpmap.calls where id = $1
       on conflict (call) do update set number = h.number + $2::int returning number`,
    [call, lines.length],
  );
  if (!head) throw unknownCall(call);
  const kept = lines.slice(-KEPT);
  await session.query(
    `insert into warpmap.logs (call, number, line)
       select $1, $2::bigint - $3::int + l.at, l.line from unnest($4::bytea[]) with ordinality as l (line, at)`,
    [call, head.number, kept.length, kept.map((line) => Buffer.from(packLine(line)))],
  );
  await session.query('delete from warpmap.logs where call = $1 and number <= $2', [call, head.number - KEPT]);
}

export async function linesOf(
  session: Session,
  call: string,
  { after = 0, limit }: { readonly after?: number; readonly limit: number },
): Promise<LogPage> {
  const rows = await session.query<{ number: number; line: Buffer | null }>(
    `select l.number, l.line from warpmap.calls c left join warpmap.logs l on l.call = c.id and l.number > $2
       where c.id = $1 order by l.number limit $3`,
    [call, after, limit],
  );
  if (rows.length === 0) throw unknownCall(call);
  const lines = rows.flatMap(({ line }) => (line ? [unpackPlain<CallLogLine>(line)] : []));
  return { lines, next: rows.at(-1)!.number ?? after };
}
