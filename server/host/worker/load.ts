import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type AppDefinition, definitionOf } from '../../../shard/app/definition.ts';
import { loadingApp } from '../../../shard/app/loading.ts';
import { ServerError } from '../../errors.ts';

/** The app that a module exports, under whatever name. Throws `APP_INVALID`, and what the module throws. */
export async function loadApp(path: string): Promise<AppDefinition> {
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
  return app;
}
