import { FORBIDDEN_KEY, MAX_VALUE_DEPTH, invalid } from './limits.ts';
import type { BatchEnd, BatchHead, RemoteError } from './message.ts';
import { fieldsOf, parseHead } from './schema.ts';

/** The JSON form of the protocol, for curl: a request object, and a response of a line for each output. */

export const JSON_MEDIA_TYPE = 'application/json';
export const LINES_MEDIA_TYPE = 'application/x-ndjson';

export interface JsonRequest {
  readonly head: BatchHead;
  readonly inputs: readonly unknown[];
}

/** Reads `{function, inputs, options?, call?, batch?, attempt?}`. Throws `FRAME_INVALID`. */
export function parseJsonRequest(text: string, defaults: { readonly call: string }): JsonRequest {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw invalid('The body is not JSON', error);
  }
  refuseUnsafe(body, 0);
  const known = ['function', 'inputs', 'options', 'call', 'batch', 'attempt'];
  const { inputs, ...fields } = fieldsOf(body, 'The body', known);
  if (!Array.isArray(inputs)) throw invalid('Expected inputs to be an array');
  const head = parseHead({
    call: defaults.call,
    batch: 0,
    attempt: 0,
    ...fields,
    count: inputs.length,
  });
  return { head, inputs };
}

/** Any output as JSON. Vectors become arrays; undefined, NaN and infinities, which JSON lacks, become null. */
export function plainJson(value: unknown): string {
  // The replacer is called for every number of an array, so a vector is written without it, in three fifths of the time.
  if (value instanceof Float32Array) return JSON.stringify(Array.from(value));
  return JSON.stringify(value, plain) ?? 'null';
}

/** One line, its newline included. */
export function jsonOutput(index: number, output: unknown): string {
  return `{"index":${index},"output":${plainJson(output)}}\n`;
}

export function jsonFailure(index: number, error: RemoteError): string {
  return line({ index, error });
}

export function jsonEnd(end: BatchEnd): string {
  return line({ end });
}

export function jsonError(error: RemoteError): string {
  return line({ error });
}

function line(value: object): string {
  return `${JSON.stringify(value, plain)}\n`;
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Set) return [...value];
  if (value instanceof Map) return Object.fromEntries(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as ArrayLike<unknown>);
  }
  return value;
}

function refuseUnsafe(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_VALUE_DEPTH) throw invalid(`The body is nested more than ${MAX_VALUE_DEPTH} deep`);
  if (Object.hasOwn(value, FORBIDDEN_KEY)) {
    throw invalid(`The body has the key ${FORBIDDEN_KEY}, which is refused`);
  }
  for (const part of Object.values(value)) refuseUnsafe(part, depth + 1);
}
