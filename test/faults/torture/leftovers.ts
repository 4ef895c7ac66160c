/** What is left where there should be nothing any more. */
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { request } from 'undici';
import type { Nodes } from './nodes.ts';

/** Tables that have rows whatever there is to do. */
const ALWAYS: ReadonlySet<string> = new Set(['store', 'meta', 'migrations', 'queues', 'sqlite_sequence']);

/** What each node says of inputs that wait or run, all calls having ended. */
export async function backlogs({ members }: Nodes): Promise<string[]> {
  const wrong: string[] = [];
  for (const { url } of members) {
    const { body } = await request(`${url}/v1/backlog`, { reset: true });
    const backlog = (await body.json()) as { readonly pending: number; readonly running: number };
    if (backlog.pending + backlog.running > 0)
      wrong.push(`${url} says that there is a backlog: ${JSON.stringify(backlog)}`);
  }
  return wrong;
}

/** Rows of the store and objects that no call has, all calls having been forgotten. */
export async function remains(nodes: Nodes): Promise<string[]> {
  const rows = nodes.database ? await rowsOfPostgres(nodes.database) : rowsOfSqlite(join(nodes.data, 'calls.sqlite'));
  const files = globSync('objects/**', { cwd: nodes.data }).filter((path) => statSync(join(nodes.data, path)).isFile());
  return [
    ...rows
      .filter(({ table, count }) => count > 0 && !ALWAYS.has(table))
      .map(({ table, count }) => `${count} rows are left in ${table}`),
    ...files.map((path) => `${path} is left`),
  ];
}

/** What objects leave is kept for an hour, for those who read it; but no longer, so it must be said when it was left. */
const LEAKED: Readonly<Record<string, string>> = {
  contents: 'WHERE dropped IS NULL',
  pieces: 'WHERE content NOT IN (SELECT id FROM warpmap.contents)',
};

interface Rows {
  readonly table: string;
  readonly count: number;
}

function rowsOfSqlite(path: string): Rows[] {
  using database = new DatabaseSync(path, { readOnly: true });
  const tables = database.prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`).all();
  return tables.map(({ name }) => {
    const row = database.prepare(`SELECT count(*) AS count FROM ${String(name)}`).get();
    return { table: String(name), count: Number(row?.['count']) };
  });
}

async function rowsOfPostgres({ postgres, url }: NonNullable<Nodes['database']>): Promise<Rows[]> {
  const tables = await postgres.query(url, `SELECT tablename FROM pg_tables WHERE schemaname = 'warpmap'`);
  const counts = tables.map(async ({ tablename }) => {
    const table = String(tablename);
    const [row] = await postgres.query(
      url,
      `SELECT count(*)::int AS count FROM warpmap.${table} ${LEAKED[table] ?? ''}`,
    );
    return { table, count: Number(row?.['count']) };
  });
  const jobs = await postgres.query(
    url,
    `SELECT count(*)::int AS count FROM warpmap_queue.job WHERE state < 'completed'`,
  );
  return [...(await Promise.all(counts)), { table: 'warpmap_queue.job', count: Number(jobs[0]?.['count']) }];
}
