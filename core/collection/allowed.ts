import type { Id, Search } from '../contract.ts';
import { countAllowed } from '../similarity/allowed.ts';
import type { Rows } from './rows.ts';

/** Which rows a search may answer. */
export interface Allowed {
  /** As a store takes it; nothing where all rows may be. */
  readonly rows: Uint32Array<ArrayBuffer> | undefined;
  readonly count: number;
}

/** Rows that are alive and pass the filter. Ids that the rows don't have allow and exclude nothing. */
export function allowedBy(rows: Rows, filter: Search['filter']): Allowed {
  const { allow, exclude = [] } = filter ?? {};
  if (allow === undefined && exclude.length === 0 && rows.dead === 0) return { rows: undefined, count: rows.size };
  const bits = allow === undefined ? rows.alive() : new Uint32Array(Math.ceil(rows.count / 32));
  if (allow !== undefined) forEachRow(rows, allow, (row) => (bits[row >>> 5]! |= 1 << (row & 31)));
  forEachRow(rows, exclude, (row) => (bits[row >>> 5]! &= ~(1 << (row & 31))));
  return { rows: bits, count: countAllowed(bits, rows.count) };
}

function forEachRow(rows: Rows, ids: readonly Id[], visit: (row: number) => void): void {
  for (const id of ids) {
    const row = rows.row(id);
    if (row !== undefined) visit(row);
  }
}
