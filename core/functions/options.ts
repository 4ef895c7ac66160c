import { CoreError } from '../errors.ts';

/** The options of one batch, read one by one; what was not asked for is refused by name. */
export class Options {
  readonly #function: string;
  readonly #values: ReadonlyMap<string, unknown>;

  /** Throws `OPTION_INVALID` for anything but a plain object with some of the `known` names. */
  constructor(functionName: string, given: unknown, known: readonly string[]) {
    this.#function = functionName;
    if (given !== undefined && (typeof given !== 'object' || given === null || Array.isArray(given))) {
      throw refused(`Expected the options of ${functionName} to be an object, got ${kindOf(given)}`);
    }
    this.#values = new Map(Object.entries(given ?? {}));
    for (const name of this.#values.keys()) {
      if (!known.includes(name)) {
        throw refused(`${functionName} has no option ${JSON.stringify(name)}; its options are ${known.join(', ')}`);
      }
    }
  }

  /** Those of the names that are given, unchecked. */
  pick(names: Iterable<string>): Record<string, unknown> {
    const given = [...names].filter((name) => this.#values.get(name) !== undefined);
    return Object.fromEntries(given.map((name) => [name, this.#values.get(name)]));
  }

  /** Throws `OPTION_INVALID` for a value that is there and no string. */
  string(name: string): string | undefined {
    const value = this.#values.get(name);
    if (value === undefined || typeof value === 'string') return value;
    throw this.#expected(name, 'a string', value);
  }

  /** Throws `OPTION_INVALID` for a value that is there and no boolean. */
  boolean(name: string): boolean | undefined {
    const value = this.#values.get(name);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.#expected(name, 'true or false', value);
  }

  /** Throws `OPTION_INVALID` for a value that is there and no integer from 1 to `max`. */
  positive(name: string, max: number): number | undefined {
    const value = this.#values.get(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value;
    throw this.#expected(name, `an integer from 1 to ${max}`, value);
  }

  /** The name of a collection: 1 to 200 characters, none of them a control character. */
  collection(): string {
    const value = this.string('collection');
    if (value === undefined) throw refused(`${this.#function} needs the option collection, the name of a collection`);
    if (/^[^\p{Cc}]{1,200}$/u.test(value)) return value;
    throw this.#expected('collection', 'a name of 1 to 200 characters without control characters', value);
  }

  #expected(name: string, what: string, value: unknown): CoreError {
    return refused(`Expected the option ${name} of ${this.#function} to be ${what}, got ${kindOf(value)}`);
  }
}

function refused(message: string): CoreError {
  return new CoreError('OPTION_INVALID', message);
}

/** The error for an input that is at fault itself. */
export function invalid(message: string): CoreError {
  return new CoreError('INPUT_INVALID', message);
}

/** What a value is, for a message: its kind, and its text where that is short. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return value.constructor.name;
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string')
    return value.length > 40 ? `a string of ${value.length} characters` : JSON.stringify(value);
  return typeof value === 'number' || typeof value === 'boolean' ? `the ${typeof value} ${value}` : `a ${typeof value}`;
}
