import { readFile } from 'node:fs/promises';
import { ModelError } from '../errors.ts';

export type Json = Readonly<Record<string, unknown>>;

/** The parsed file, or `undefined` where there is none. Throws `MODEL_INVALID` for what is not JSON. */
export async function readOptionalJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw new ModelError('MODEL_INVALID', `${path} can't be read: ${String(error)}`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelError('MODEL_INVALID', `${path} is not JSON: ${String(error)}`, { cause: error });
  }
}

/** As above, but the file must hold an object. */
export async function readOptionalObject(path: string): Promise<Json | undefined> {
  const value = await readOptionalJson(path);
  if (value === undefined || isObject(value)) {
    return value;
  }
  throw new ModelError('MODEL_INVALID', `Expected ${path} to hold a JSON object.`);
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isMissing(error: unknown): boolean {
  return isObject(error) && (error['code'] === 'ENOENT' || error['code'] === 'ENOTDIR');
}

/** The first of the named fields that is a positive integer. */
export function positiveInteger(json: Json, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = json[name];
    if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) {
      return value;
    }
  }
  return undefined;
}
