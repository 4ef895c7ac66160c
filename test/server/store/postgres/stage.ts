import type { ChunkStore } from '../../../../server/store/contract.ts';
import { openPostgresStore } from '../../../../server/store/postgres/open.ts';
import { sharedPostgres } from '../../../fixtures/postgres.ts';
import type { Stage } from '../conformance.ts';

let template: Promise<string> | undefined;

/** A database with all tables, so that they are made once. */
async function makeTemplate(): Promise<string> {
  const url = await (await sharedPostgres()).database();
  await (await openPostgresStore(url))[Symbol.asyncDispose]();
  return url;
}

/** A store in a database of its own. */
export async function postgresStage(): Promise<Stage> {
  const postgres = await sharedPostgres();
  const url = await postgres.database(await (template ??= makeTemplate()));
  const opened: ChunkStore[] = [];
  return {
    async open() {
      const store = await openPostgresStore(url);
      opened.push(store);
      return store;
    },
    // Nobody sets the clock of the server; all that it has noted moves the other way.
    async advance(milliseconds) {
      const by = `interval '${milliseconds} milliseconds'`;
      await postgres.query(
        url,
        `update warpmap.calls set created = created - ${by}, fed = fed - ${by}, finished = finished - ${by};
         update warpmap.chunks set leased_until = leased_until - ${by}, since = since - ${by} where since is not null;
         update warpmap_queue.job set start_after = start_after - ${by}`,
      );
    },
    async [Symbol.asyncDispose]() {
      for (const store of opened) await store[Symbol.asyncDispose]();
    },
  };
}
