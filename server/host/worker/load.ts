import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type AppDefinition, definitionOf } from '../../../shard/app/definition.ts';
import { loadingApp } from '../../../shard/app/loading.ts';
import { ServerError } from '../../errors.ts';

export interface LoadedApp {
  readonly definition: AppDefinition;
  /** Names under which the module exports handles, by those of their functions. */
  readonly exported: ReadonlyMap<string, string>;
}

/** The app that a module exports, under whatever name. Throws `APP_INVALID`, and what the module throws. */
export async function loadApp(path: string): Promise<LoadedApp> {
  if (!existsSync(path))
    throw new ServerError('APP_INVALID', `There is no file ${path}; expected the module of an app`);
  const module = (await loadingApp(() => import(pathToFileURL(path).href))) as Readonly<Record<string, unknown>>;
  const found = new Set(Object.values(module).map(definitionOf));
  found.delete(undefined);
  const [app, ...others] = found;
  if (app === undefined) {
    throw new ServerError('APP_INVALID', `${path} exports no App; write \`export const app = new App('…')\` in it`);
  }
  if (others.length > 0) {
    throw new ServerError('APP_INVALID', `${path} exports ${others.length + 1} Apps; expected one`);
  }
  return { definition: app, exported: exportsOf(module, app) };
}

function exportsOf(
  module: Readonly<Record<string, unknown>>,
  { name: app, functions }: AppDefinition,
): Map<string, string> {
  const exported = new Map<string, string>();
  for (const [as, value] of Object.entries(module)) {
    const { app: its, name } = Object(value) as { readonly app?: unknown; readonly name?: unknown };
    if (its === app && typeof name === 'string' && functions.has(name) && !exported.has(name)) exported.set(name, as);
  }
  return exported;
}
