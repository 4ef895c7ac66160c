/** Where what belongs to volumes is among the objects. */
import type { PieceName } from '../../shard/volume/contract.ts';

export const RECORDS = 'volumes/';

/** Says that there is a volume of this name, and which. */
export function recordKey(name: string): string {
  return `${RECORDS}${name}`;
}

/** All that a volume has, but for its record. */
export function dataPrefix(id: string): string {
  return `volume-data/${id}/`;
}

export function commitKey(id: string, version: number): string {
  return `${dataPrefix(id)}commits/${padded(version)}`;
}

export function segmentKey(id: string, level: number, index: number): string {
  return `${dataPrefix(id)}segments/${level}/${padded(index)}`;
}

export function piecesPrefix(id: string): string {
  return `${dataPrefix(id)}pieces/`;
}

export function pieceKey(id: string, { day, hash }: PieceName): string {
  return `${piecesPrefix(id)}${day}/${hash.slice(0, 2)}/${hash}`;
}

/** The piece that has this key. */
export function pieceOfKey(id: string, key: string): PieceName {
  const [day, , hash] = key.slice(piecesPrefix(id).length).split('/') as [string, string, string];
  return { day: Number(day), hash };
}

export function sweptKey(id: string): string {
  return `${dataPrefix(id)}swept`;
}

function padded(number: number): string {
  return String(number).padStart(12, '0');
}
