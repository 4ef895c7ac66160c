import { requireKnown } from '../../shard/options.ts';
import { ServerError } from '../errors.ts';
import { whole, type WholeRange } from './whole.ts';

export type Query = Readonly<Record<string, unknown>>;

/** The parameters of a request, read one by one; what a route does not know is refused by name. */
export interface Parameters<Name extends string> {
  /** A whole number, if there is one. */
  whole(name: Name, range?: WholeRange): number | undefined;
  needed(name: Name): number;
  /** A text of at most 256 characters, or `max`, if there is one. */
  text(name: Name, max?: number): string | undefined;
  oneOf<Value extends string>(name: Name, values: readonly Value[]): Value | undefined;
}

const MAX_TEXT = 256;

/** Each throws `OPTION_INVALID`, as does this. */
export function queryOf<Name extends string>(given: object, names: readonly Name[]): Parameters<Name> {
  requireKnown(given, new Set<string>(names), 'this request');
  const values = given as { readonly [Each in Name]?: unknown };
  const needed = (name: Name, range?: WholeRange): number => whole(name, String(values[name]), range);
  return {
    needed,
    whole: (name, range) => (values[name] === undefined ? undefined : needed(name, range)),
    text(name, max = MAX_TEXT) {
      const value = values[name];
      if (value === undefined) return undefined;
      // Databases know no text with NUL.
      if (typeof value === 'string' && value.length <= max && !value.includes('\0')) return value;
      throw new ServerError('OPTION_INVALID', `Expected ${name} to be a text of at most ${max} characters without NUL`);
    },
    oneOf(name, allowed) {
      const value = values[name];
      const found = allowed.find((each) => each === value);
      if (value === undefined || found !== undefined) return found;
      const got = JSON.stringify(value)?.slice(0, 100);
      throw new ServerError('OPTION_INVALID', `Expected ${name} to be one of ${allowed.join(', ')}, got ${got}`);
    },
  };
}
