import { resolve } from 'node:path';
import type { Connection } from '../../sdk/connection.ts';
import { loadApp } from '../../server/host/worker/load.ts';
import { CliError } from '../errors.ts';

export interface Entry {
  /** Path of the module. */
  readonly path: string;
  /** The name that the module gives its app. */
  readonly app: string;
  main(warp: Connection, ...args: readonly string[]): unknown;
}

/** The app of a module, with its main. Throws `APP_INVALID`, `USAGE` if it has none, and what the module throws. */
export async function loadEntry(file: string): Promise<Entry> {
  const path = resolve(file);
  const { name, main } = (await loadApp(path)).definition;
  if (main) return { path, app: name, main };
  throw new CliError(
    'USAGE',
    `${file} has nothing to run; write \`app.main(async (warp) => { … })\` in it, or serve or deploy it`,
  );
}
