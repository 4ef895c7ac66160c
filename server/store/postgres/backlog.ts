import type { Backlog } from '../contract.ts';
import type { Session } from './database.ts';

export async function backlogOf(session: Session): Promise<Backlog[]> {
  const rows = await session.query<Backlog & { readonly version: number | null }>(
    `with leased as (
       select call, sum(remaining) as running from warpmap.chunks where leased_until > now() group by call
     )
     select function, version, sum(inputs - done - failed - coalesce(running, 0))::bigint as pending,
         sum(coalesce(running, 0))::bigint as running
       from warpmap.calls c left join leased l on l.call = c.id
       where state in ('open', 'sealed') group by function, version
       having sum(inputs - done - failed) > 0 order by function, version`,
  );
  return rows.map(({ version, ...row }) => ({ ...row, ...(version !== null && { version }) }));
}
