import { requireLength, type Holds } from '../collection/shape.ts';
import type { Id, Query } from '../contract.ts';
import { invalid, kindOf } from './options.ts';

/** A text, or a vector that the collection takes. Throws `INPUT_INVALID` or `COLLECTION_MISMATCH`. */
export function acceptQuery(value: unknown, collection: Holds): Query {
  return typeof value === 'string' ? value : acceptVector(value, collection);
}

/** Typed or (from JSON) plain numbers, all finite, as many as the collection holds. */
export function acceptVector(value: unknown, collection: Holds): Float32Array<ArrayBuffer> {
  const vector = toFloats(value);
  if (vector === undefined) throw invalid(`Expected a text or a vector of numbers, got ${kindOf(value)}`);
  requireLength(collection, vector.length);
  // Also catches what overflows float32.
  const wrong = vector.findIndex((component) => !Number.isFinite(component));
  if (wrong < 0) return vector;
  throw invalid(
    `Expected the components of a vector to be finite numbers of 32 bits; at ${wrong} it has ${vector[wrong]}`,
  );
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
