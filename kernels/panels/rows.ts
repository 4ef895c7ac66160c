import type { Matrix, Panels, Span } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { requireShape, spanOf } from '../launch/matrix.ts';

/** The same rows in WGSL: `Rows` among the immediates, and the list as binding 2. */
export const rowsFile: URL = new URL('rows.wgsl', import.meta.url);

/** Which rows of panels a call is about. */
export interface RowChoice {
  /** uint32, n × 1. Rows past the last are left out. */
  readonly rows?: Matrix | undefined;
  /** The first row, where they aren't listed; the others follow it. Default: 0. */
  readonly firstRow?: number | undefined;
}

/** The list to bind, or `spare` where there is none, and the fields of `Rows`. Throws `INPUT_INVALID` where they don't fit. */
export function rowsOf(
  panels: Panels,
  { rows, firstRow = 0 }: RowChoice,
  count: number,
  spare: Span,
): { readonly list: Span; readonly fields: readonly number[] } {
  if (rows !== undefined) {
    requireShape('rows', rows, count, 1);
    return { list: spanOf('rows', rows), fields: [panels.rows, 0, 1] };
  }
  if (!Number.isInteger(firstRow) || firstRow < 0 || firstRow + count > panels.rows) {
    throw new KernelError(
      'INPUT_INVALID',
      `Expected ${count} rows within the ${panels.rows} of the panels; got those from ${firstRow} on.`,
    );
  }
  return { list: spare, fields: [panels.rows, firstRow, 0] };
}
