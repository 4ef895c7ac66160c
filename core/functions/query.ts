import type { EngineCollection, Id, Query } from '../contract.ts';
import { CoreError } from '../errors.ts';
import { invalid, kindOf } from './options.ts';

/** A text, or a vector of the collection's dims. Throws `INPUT_INVALID` or `COLLECTION_MISMATCH`. */
export function acceptQuery(value: unknown, collection: Pick<EngineCollection, 'name' | 'dims'>): Query {
  return typeof value === 'string' ? value : acceptVector(value, collection);
}

/** Typed or (from JSON) plain numbers, all finite, as many as the collection's dims. */
export function acceptVector(
  value: unknown,
  collection: Pick<EngineCollection, 'name' | 'dims'>,
): Float32Array<ArrayBuffer> {
  const vector = toFloats(value);
  if (vector === undefined) throw invalid(`Expected a text or a vector of numbers, got ${kindOf(value)}`);
  if (vector.length !== collection.dims) {
    throw new CoreError(
      'COLLECTION_MISMATCH',
      `Collection ${JSON.stringify(collection.name)} holds vectors of ${collection.dims} dims, got one of ${vector.length}`,
    );
  }
  // Also catches what overflows float32.
  if (!vector.every(Number.isFinite)) throw invalid('Expected the components of a vector to be finite numbers');
  return vector;
}

/** Throws `INPUT_INVALID`. */
export function acceptId(value: unknown): Id {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw invalid(`Expected an id to be a string or a finite number, got ${kindOf(value)}`);
}

function toFloats(value: unknown): Float32Array<ArrayBuffer> | undefined {
  if (value instanceof Float32Array && value.buffer instanceof ArrayBuffer) return value as Float32Array<ArrayBuffer>;
  if (value instanceof Float64Array) return new Float32Array(value);
  if (Array.isArray(value) && value.every((item) => typeof item === 'number')) return new Float32Array(value);
  return undefined;
}
