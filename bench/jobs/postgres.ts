/** Databases of a Postgres that is ours for the time of a benchmark, and waits for the disk at each commit. */
import { startPostgres } from '../../test/fixtures/postgres.ts';
import { PeerMissing } from '../map/peer.ts';

export interface Database {
  readonly url: string;
  /** Of the server. */
  readonly version: string;
}

/** Empty ones, all of one server, which ends with this process. Throws `PeerMissing` where none can run here. */
export async function startDatabases(): Promise<() => Promise<Database>> {
  const server = await startPostgres({ fsync: true }).catch((error: unknown) => {
    throw new PeerMissing('Postgres', 'run `npm ci`, which brings one', { cause: error });
  });
  return async () => {
    const url = await server.database();
    const [row] = await server.query(url, 'SHOW server_version');
    return { url, version: String(row?.['server_version']) };
  };
}
