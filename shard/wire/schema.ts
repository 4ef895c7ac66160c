import { invalid } from './limits.ts';
import type { BatchEnd, BatchHead, RemoteError } from './message.ts';

/** Checks of the small maps in frames and JSON lines. Each throws `FRAME_INVALID`. */

type Fields = Readonly<Record<string, unknown>>;

const MAX_NAME_LENGTH = 128;

const HEAD_FIELDS = ['function', 'call', 'batch', 'attempt', 'failures', 'count', 'key', 'spans', 'options'];

export function parseHead(value: unknown): BatchHead {
  const fields = fieldsOf(value, 'A head', HEAD_FIELDS);
  const options = fields['options'];
  if (options !== undefined && !isPlainObject(options)) {
    throw invalid('A head has options that are not a map');
  }
  return {
    function: name(fields, 'function'),
    call: name(fields, 'call'),
    batch: whole(fields, 'batch'),
    attempt: whole(fields, 'attempt'),
    count: whole(fields, 'count'),
    ...(fields['failures'] === undefined ? {} : { failures: whole(fields, 'failures') }),
    ...placed(fields),
    ...keyed(fields),
    ...(options === undefined ? {} : { options }),
  };
}

function keyed(fields: Fields): Pick<BatchHead, 'key'> {
  if (fields['key'] === undefined) return {};
  if (fields['spans'] === undefined) throw invalid('A head has a key, but no spans beside it');
  return { key: name(fields, 'key') };
}

function placed(fields: Fields): Pick<BatchHead, 'spans'> {
  const { spans, count } = fields as { spans: unknown; count: number };
  if (spans === undefined) return {};
  if (!Array.isArray(spans) || spans.length % 2 !== 0 || !spans.every((each) => Number.isSafeInteger(each))) {
    throw invalid('Expected spans to be an array of pairs of whole numbers, the first and the count');
  }
  let end = 0;
  let sum = 0;
  for (let at = 0; at < spans.length; at += 2) {
    const [first, length] = [spans[at] as number, spans[at + 1] as number];
    if (first < end || length < 1 || !Number.isSafeInteger(first + length))
      throw invalid('The spans of a head do not rise');
    end = first + length;
    sum += length;
  }
  if (sum !== count) throw invalid(`The spans of a head hold ${sum} inputs, but its count is ${count}`);
  return { spans: spans as number[] };
}

export function parseFailure(value: unknown): { index: number; error: RemoteError } {
  const fields = fieldsOf(value, 'A failure', ['index', 'error']);
  return { index: whole(fields, 'index'), error: parseRemoteError(fields['error']) };
}

export function parseEnd(value: unknown): BatchEnd {
  const fields = fieldsOf(value, 'An end', ['count', 'failed', 'milliseconds']);
  const milliseconds = fields['milliseconds'];
  if (typeof milliseconds !== 'number' || !(milliseconds >= 0)) {
    throw invalid('An end has milliseconds that are not a number of 0 or more');
  }
  return { count: whole(fields, 'count'), failed: whole(fields, 'failed'), milliseconds };
}

export function parseRemoteError(value: unknown): RemoteError {
  const fields = fieldsOf(value, 'An error', ['code', 'message', 'details']);
  const { code, message, details } = fields as {
    code: unknown;
    message: unknown;
    details: unknown;
  };
  if (typeof code !== 'string' || typeof message !== 'string') {
    throw invalid('An error lacks its code or its message, which are strings');
  }
  return { code, message, ...(details === undefined ? {} : { details }) };
}

/** A map with no keys but these, so that a misspelt field is heard of. */
export function fieldsOf(value: unknown, what: string, known: readonly string[]): Fields {
  if (!isPlainObject(value)) throw invalid(`${what} is not a map`);
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      throw invalid(`${what} has the unknown field ${JSON.stringify(key)}; known: ${known.join(', ')}`);
    }
  }
  return value;
}

export function isPlainObject(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function name(fields: Fields, field: string): string {
  const value = fields[field];
  if (typeof value !== 'string' || value.length === 0 || value.length > MAX_NAME_LENGTH) {
    throw invalid(`Expected ${field} to be a string of 1 to ${MAX_NAME_LENGTH} characters`);
  }
  return value;
}

function whole(fields: Fields, field: string): number {
  const value = fields[field];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw invalid(`Expected ${field} to be a whole number of 0 or more`);
  }
  return value;
}
