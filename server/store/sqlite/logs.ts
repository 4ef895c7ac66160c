import type { CallLogLine } from '../../../shard/call/contract.ts';
import type { LogPage } from '../contract.ts';
import { packLine, unpackPlain } from '../pack.ts';
import { type Context, findCall } from './context.ts';

/** Lines that a call keeps. */
const KEPT = 10_000;

export function log(context: Context, call: string, lines: readonly CallLogLine[]): void {
  const { database } = context;
  const { id } = findCall(context, call);
  const { logged } = database.get<{ logged: number }>(
    'UPDATE calls SET logged = logged + ? WHERE id = ? RETURNING logged',
    lines.length,
    id,
  )!;
  const start = logged - lines.length + 1;
  for (const [at, line] of lines.entries()) {
    if (start + at <= logged - KEPT) continue;
    database.run('INSERT INTO lines (call, number, line) VALUES (?, ?, ?)', id, start + at, packLine(line));
  }
  database.run('DELETE FROM lines WHERE call = ? AND number <= ?', id, logged - KEPT);
}

export function logs(
  context: Context,
  call: string,
  { after = 0, limit }: { readonly after?: number; readonly limit: number },
): LogPage {
  const { id } = findCall(context, call);
  const rows = context.database.all<{ number: number; line: Uint8Array }>(
    'SELECT number, line FROM lines WHERE call = ? AND number > ? ORDER BY number LIMIT ?',
    id,
    after,
    limit,
  );
  return { lines: rows.map(({ line }) => unpackPlain<CallLogLine>(line)), next: rows.at(-1)?.number ?? after };
}
