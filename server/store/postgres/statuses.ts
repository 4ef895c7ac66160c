import type { CallFilter, StoredStatus } from '../contract.ts';
import type { CallState } from '../../../shard/call/contract.ts';

export interface StatusRow {
  readonly id: string;
  readonly function: string;
  readonly version: number | null;
  readonly key: string | null;
  readonly single: boolean;
  readonly state: CallState;
  readonly inputs: number;
  readonly running: number;
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly retried: number;
  readonly created: number;
  readonly finished: number | null;
}

/**
 * Inputs that a node has are counted where they are: what is leased now is little, and counting it holds up nobody. Those
 * of a cancelled call count as cancelled at once, though it takes a while to end their leases.
 */
const STATUSES = `
  select c.id, c.function, c.version, c.key, c.single, c.state, c.inputs, c.done, c.failed, c.cancelled, c.retried,
    floor(extract(epoch from c.created) * 1000)::bigint as created,
    floor(extract(epoch from c.finished) * 1000)::bigint as finished,
    coalesce(leased.running, 0)::bigint as running
  from warpmap.calls c left join lateral (
    select sum(remaining) as running from warpmap.chunks
    where call = c.id and leased_until > now() and c.state <> 'cancelled'
  ) leased on true`;

export const STATUS_OF_CALL: string = `${STATUSES} where c.id = $1`;

/** The statement that lists calls, and its values. */
export function listing({ state, function: name, before, limit }: CallFilter): [sql: string, values: unknown[]] {
  const values: unknown[] = [limit];
  const conditions: string[] = [];
  const where = (condition: (value: string) => string, value: unknown): void => {
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  if (state !== undefined) where((value) => `c.state = ${value}`, state);
  if (name?.endsWith('/')) where((value) => `starts_with(c.function, ${value})`, name);
  else if (name !== undefined) where((value) => `c.function = ${value}`, name);
  if (before !== undefined) where((value) => `c.created < to_timestamp(${value}::float8 / 1000)`, before);
  const filter = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
  return [`${STATUSES} ${filter} order by c.created desc, c.id desc limit $1`, values];
}

export function statusOf(row: StatusRow): StoredStatus {
  const { inputs, running, done, failed, cancelled, retried } = row;
  return {
    id: row.id,
    function: row.function,
    ...(row.version !== null && { version: row.version }),
    ...(row.key !== null && { key: row.key }),
    single: row.single,
    state: row.state,
    counts: {
      inputs,
      pending: inputs - running - done - failed - cancelled,
      running,
      done,
      failed,
      cancelled,
      retried,
    },
    created: row.created,
    ...(row.finished !== null && { finished: row.finished }),
  };
}
