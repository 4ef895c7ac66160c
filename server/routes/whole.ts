import { ServerError } from '../errors.ts';

export interface WholeRange {
  /** Default: 0. */
  readonly from?: number;
  /** Default: the largest that is exact. */
  readonly to?: number;
}

/** A whole number in a path or query. Throws `OPTION_INVALID`. */
export function whole(
  name: string,
  text: unknown,
  { from = 0, to = Number.MAX_SAFE_INTEGER }: WholeRange = {},
): number {
  const value = typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= from && value <= to) return value;
  throw new ServerError(
    'OPTION_INVALID',
    `Expected ${name} to be a whole number from ${from} to ${to}, got ${JSON.stringify(text)}`,
  );
}
