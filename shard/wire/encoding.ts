import { MAX_BLOCK_DEPTH } from './limits.ts';

/** How a block lays out its values; the numbers are those of docs/wire.md. */
export const Encoding = {
  values: 0,
  float32Rows: 1,
  float64: 2,
  int32: 3,
  utf8: 4,
  columns: 5,
  dictionary: 6,
} as const;
export type EncodingName = keyof typeof Encoding;

/** Row-major `count × dims` float32 vectors that need not be cut into rows to be sent. */
export interface Rows {
  readonly count: number;
  readonly dims: number;
  readonly data: Float32Array;
}

export type Layout =
  | { readonly encoding: 'values' }
  | { readonly encoding: 'float32Rows'; readonly dims: number }
  | { readonly encoding: 'float64' | 'int32' | 'utf8' }
  | { readonly encoding: 'columns'; readonly columns: number }
  | {
      readonly encoding: 'dictionary';
      readonly distinct: readonly unknown[];
      readonly indices: Uint32Array<ArrayBuffer>;
    };

/** More columns than this are not tuples but data, which MessagePack holds in fewer bytes. */
const MAX_COLUMNS = 8;

/** Chooses the encoding that costs least for these values: one pass, by type first and by repetition second. */
export function chooseLayout(values: readonly unknown[], depth: number): Layout {
  const first = values[0];
  if (typeof first === 'number') return numbers(values);
  if (typeof first === 'string') return strings(values, depth);
  if (isVector(first)) return vectors(values, first.length, depth);
  if (Array.isArray(first)) return tuples(values, first, depth);
  return { encoding: 'values' };
}

function numbers(values: readonly unknown[]): Layout {
  let encoding: 'int32' | 'float64' = 'int32';
  for (const value of values) {
    if (typeof value !== 'number') return { encoding: 'values' };
    // Object.is tells −0 from 0, which int32 can't.
    if (!Object.is(value | 0, value)) encoding = 'float64';
  }
  return { encoding };
}

function strings(values: readonly unknown[], depth: number): Layout {
  let length = 0;
  for (const value of values) {
    if (typeof value !== 'string') return { encoding: 'values' };
    length += value.length;
  }
  const repeated = findRepeated(values, depth);
  if (repeated) {
    const distinct = repeated.distinct as readonly string[];
    const distinctLength = distinct.reduce((sum, value) => sum + value.length, 0);
    // Indices take the place of offsets; the distinct texts have their own offsets and headers besides.
    const overhead = 4 * distinct.length + 24;
    if (distinctLength + overhead < length) return repeated;
  }
  return { encoding: 'utf8' };
}

function vectors(values: readonly unknown[], dims: number, depth: number): Layout {
  if (dims === 0) return { encoding: 'values' };
  for (const value of values) {
    if (!isVector(value) || value.length !== dims) return { encoding: 'values' };
  }
  return findRepeated(values, depth) ?? { encoding: 'float32Rows', dims };
}

function tuples(values: readonly unknown[], first: readonly unknown[], depth: number): Layout {
  const columns = first.length;
  if (columns === 0 || columns > MAX_COLUMNS || depth + 1 >= MAX_BLOCK_DEPTH) {
    return { encoding: 'values' };
  }
  if (!first.some((value) => typeof value === 'number' || typeof value === 'string' || isVector(value))) {
    return { encoding: 'values' };
  }
  for (const value of values) {
    if (!Array.isArray(value) || value.length !== columns) return { encoding: 'values' };
  }
  return { encoding: 'columns', columns };
}

/** The dictionary of values that repeat (strings by content, vectors by identity), if it seems worth its indices. */
function findRepeated(
  values: readonly unknown[],
  depth: number,
): Extract<Layout, { encoding: 'dictionary' }> | undefined {
  if (values.length < 2 || depth + 1 >= MAX_BLOCK_DEPTH) return undefined;
  const positions = new Map<unknown, number>();
  const indices = new Uint32Array(values.length);
  for (const [index, value] of values.entries()) {
    let position = positions.get(value);
    if (position === undefined) {
      // Give up early, so that values that don't repeat cost a handful of look-ups only.
      if (positions.size > 8 + index / 2) return undefined;
      position = positions.size;
      positions.set(value, position);
    }
    indices[index] = position;
  }
  if (positions.size > values.length / 2) return undefined;
  return { encoding: 'dictionary', distinct: [...positions.keys()], indices };
}

function isVector(value: unknown): value is Float32Array {
  return value instanceof Float32Array;
}
