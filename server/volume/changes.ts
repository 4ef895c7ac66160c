import { requireKnown } from '../../shard/options.ts';
import { type Change, type FileBody, PIECE_BYTES, type PieceName } from '../../shard/volume/contract.ts';
import { requirePath } from '../../shard/volume/names.ts';
import { ServerError } from '../errors.ts';

/** What a client wants to commit. Throws `REQUEST_INVALID`, `PATH_INVALID` or `OPTION_INVALID`. */
export function changesOf(given: unknown): Change[] {
  if (!Array.isArray(given)) throw invalid('changes', 'an array', given);
  return given.map((change: unknown) => {
    if (typeof change !== 'object' || change === null) throw invalid('a change', 'an object', change);
    requireKnown(change, CHANGE_NAMES, 'a change');
    const { path: named, body, from, removed } = change as Readonly<Record<string, unknown>>;
    const path = requirePath(named);
    if (body !== undefined) return { path, body: bodyOf(body) };
    if (from !== undefined) return { path, from: requirePath(from) };
    if (removed === true) return { path, removed };
    throw invalid('a change', 'one of body, from, and removed, which is true', change);
  });
}

/** Throws `REQUEST_INVALID`. */
export function pieceNameOf(day: unknown, hash: unknown): PieceName {
  return { day: numberOf('day', day), hash: hashOf(hash) };
}

/** Throws `REQUEST_INVALID`. */
export function idOf(id: unknown): string {
  if (typeof id === 'string' && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/v.test(id)) return id;
  throw invalid('id', 'a UUID', id);
}

function bodyOf(given: unknown): FileBody {
  if (typeof given !== 'object' || given === null) throw invalid('body', 'an object', given);
  requireKnown(given, BODY_NAMES, 'a body');
  const { bytes, modified, hash, day, pieces } = given as Readonly<Record<string, unknown>>;
  const body = {
    bytes: numberOf('bytes', bytes),
    modified: numberOf('modified', modified),
    hash: hashOf(hash),
    day: numberOf('day', day),
  };
  const count = Math.ceil(body.bytes / PIECE_BYTES);
  if (count <= 1 && pieces === undefined) return body;
  if (count > 1 && Array.isArray(pieces) && pieces.length === count) return { ...body, pieces: pieces.map(hashOf) };
  throw invalid('pieces', `as many as there are in ${body.bytes} bytes`, pieces);
}

function hashOf(hash: unknown): string {
  if (typeof hash === 'string' && /^[0-9a-f]{64}$/v.test(hash)) return hash;
  throw invalid('hash', '64 hex digits', hash);
}

function numberOf(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(name, 'a whole number of 0 or more', value);
}

const CHANGE_NAMES: ReadonlySet<string> = new Set(['path', 'body', 'from', 'removed']);
const BODY_NAMES: ReadonlySet<string> = new Set<keyof FileBody>(['bytes', 'modified', 'hash', 'day', 'pieces']);

function invalid(name: string, expected: string, got: unknown): ServerError {
  return new ServerError(
    'REQUEST_INVALID',
    `Expected ${name} to be ${expected}, got ${JSON.stringify(got)?.slice(0, 100)}`,
  );
}
