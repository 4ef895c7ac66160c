import { ServerError } from '../errors.ts';

const SEGMENT = '[A-Za-z0-9_][A-Za-z0-9_.\\-]{0,119}';
const KEY = new RegExp(`^${SEGMENT}(?:/${SEGMENT}){0,15}$`, 'v');
/** Characters of a key. */
export const MAX_KEY = 512;

/** Throws `OBJECT_KEY_INVALID` for what is no key, as the contract says. */
export function requireKey(key: string): void {
  if (typeof key === 'string' && key.length <= MAX_KEY && KEY.test(key)) return;
  throw new ServerError(
    'OBJECT_KEY_INVALID',
    'Expected the key of an object to be up to 16 segments with `/` between, each of letters, digits, `_`, `.` and `-`, ' +
      `got ${JSON.stringify(key)?.slice(0, 200)}`,
  );
}
