import type { CallStart } from '../../shard/call/contract.ts';
import { requireBoolean, requireKnown, resolveRetries } from '../../shard/options.ts';
import { FUNCTION_RETRIES } from '../../shard/retry.ts';
import { ServerError } from '../errors.ts';

const NAMES: ReadonlySet<string> = new Set<keyof CallStart>([
  'id',
  'function',
  'version',
  'options',
  'retries',
  'key',
  'single',
]);
const MAX_KEY = 128;
/** An app with its run, a function and a version. */
const MAX_NAME = 256;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What a request to begin a call says. Throws `OPTION_INVALID`. */
export function callStartOf(body: object): CallStart {
  requireKnown(body, NAMES, 'a call');
  const { id, function: name, version, options, retries, key, single } = body as { [Name in keyof CallStart]: unknown };
  if (typeof id !== 'string' || !isCallId(id)) throw expected('id', 'a UUID in lower case', id);
  if (version !== undefined && !(typeof version === 'number' && Number.isSafeInteger(version) && version >= 1)) {
    throw expected('version', 'a whole number from 1 up', version);
  }
  if (options !== undefined && !isObject(options)) throw expected('options', 'an object', options);
  if (retries !== undefined && !isObject(retries)) throw expected('retries', 'an object', retries);
  if (retries !== undefined) resolveRetries('retries', retries, FUNCTION_RETRIES);
  return {
    id,
    function: requireText('function', name, MAX_NAME),
    ...(version !== undefined && { version }),
    ...(options !== undefined && { options }),
    ...(retries !== undefined && { retries }),
    ...(key !== undefined && { key: requireText('key', key, MAX_KEY) }),
    ...(single !== undefined && { single: requireBoolean('single', single) }),
  };
}

/** Whether it has the form of an id, which nothing else can be the id of a call. */
export function isCallId(text: string): boolean {
  return UUID.test(text);
}

function requireText(name: string, value: unknown, max: number): string {
  // Databases can't keep all that a string can hold.
  const fits = typeof value === 'string' && value.length >= 1 && value.length <= max;
  if (fits && value.isWellFormed() && !value.includes('\0')) return value;
  throw expected(name, `a text of 1 to ${max} characters without NUL or lone surrogates`, value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function expected(name: string, what: string, value: unknown): ServerError {
  const got = JSON.stringify(value)?.slice(0, 100);
  return new ServerError('OPTION_INVALID', `Expected ${name} to be ${what}, got ${got ?? 'nothing'}`);
}
