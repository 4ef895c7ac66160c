import { types } from 'node:util';
import type { Entry } from './sink.ts';

/** What all values of a column are; of a `json` one nothing is known. */
export type Kind = 'number' | 'string' | 'boolean' | 'timestamp' | 'vector' | 'json';

export interface Column {
  readonly name: string;
  readonly kind: Kind;
}

/** How results lie in a table, besides `index`, `rest` and `error`. */
export interface Columns {
  /** Whether outputs are objects with a column for each key; else there is one column, `output`. */
  readonly keyed: boolean;
  readonly columns: readonly Column[];
}

/** What one result has in each column, in their order. */
export interface Row {
  readonly index: number;
  readonly values: readonly unknown[];
  /** What of the output fits no column; undefined if all does. */
  readonly rest: unknown;
  readonly error: string | undefined;
}

/** Results by which the columns are chosen. */
export const SAMPLE = 1000;
/** Names of columns that are there in any case; what an output has under these is in `rest`. */
export const OWN_NAMES: readonly string[] = ['index', 'rest', 'error'];
const MAX_COLUMNS = 512;

/** The columns that the first results ask for. */
export function columnsOf(sample: readonly Entry[]): Columns {
  const outputs = sample.flatMap((entry) => ('error' in entry ? [] : [entry.output]));
  const keyed = outputs.length > 0 && outputs.every(isPlainObject);
  if (!keyed) return { keyed, columns: [{ name: 'output', kind: kindOf(outputs) }] };
  const names = [...new Set(outputs.flatMap((output) => Object.keys(output as object)))];
  const columns = names
    .filter((name) => !OWN_NAMES.includes(name))
    .slice(0, MAX_COLUMNS)
    .map((name) => ({ name, kind: kindOf(outputs.map((output) => valueAt(output, name))) }));
  return { keyed, columns };
}

export function rowOf(entry: Entry, { keyed, columns }: Columns): Row {
  const { index } = entry;
  if ('error' in entry) {
    return {
      index,
      values: columns.map(() => null),
      rest: undefined,
      error: `${entry.error.code}: ${entry.error.message}`,
    };
  }
  const { output } = entry;
  if (!keyed) {
    const fits = fitting(output, columns[0]!.kind);
    return { index, values: [fits ? output : null], rest: fits ? undefined : output, error: undefined };
  }
  if (!isPlainObject(output)) return { index, values: columns.map(() => null), rest: output, error: undefined };
  const rest: Record<string, unknown> = { ...output };
  const values = columns.map(({ name, kind }) => {
    const value = valueAt(output, name);
    if (!fitting(value, kind)) return null;
    delete rest[name];
    return value ?? null;
  });
  return { index, values, rest: Object.keys(rest).length === 0 ? undefined : rest, error: undefined };
}

function kindOf(values: readonly unknown[]): Kind {
  const present = values.filter((value) => value !== null && value !== undefined);
  if (present.length === 0) return 'json';
  const kinds: readonly Kind[] = ['number', 'string', 'boolean', 'timestamp', 'vector'];
  return kinds.find((kind) => present.every((value) => fitting(value, kind))) ?? 'json';
}

/** Whether a value may stand in a column of this kind; null may in any. */
function fitting(value: unknown, kind: Kind): boolean {
  if (value === null || value === undefined) return true;
  switch (kind) {
    case 'number':
    case 'string':
    case 'boolean':
      return typeof value === kind;
    case 'timestamp':
      return types.isDate(value) && !Number.isNaN(value.getTime());
    case 'vector':
      return value instanceof Float32Array;
    case 'json':
      return true;
  }
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Object]';
}

function valueAt(output: unknown, name: string): unknown {
  return Object.hasOwn(output as object, name) ? (output as Readonly<Record<string, unknown>>)[name] : undefined;
}
