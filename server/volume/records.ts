/** The forms in which a volume is kept. */
import { DAY_MS, type FileBody } from '../../shard/volume/contract.ts';
import { ServerError } from '../errors.ts';
import type { Objects } from '../objects/contract.ts';

/** What one path became: a file, or none. */
export interface PathChange {
  readonly path: string;
  /** Of the commit that did it. */
  readonly version: number;
  readonly body: FileBody | undefined;
}

export interface VolumeRecord {
  readonly id: string;
  readonly created: number;
}

export interface CommitRecord {
  /** By which whoever wrote it knows it. */
  readonly id: string;
  readonly time: number;
  /** Ids of the commits that were asked for, and are in it. */
  readonly requests?: readonly string[];
  readonly changes: readonly PathChange[];
}

type Row = readonly [path: string, version: number, body: FileBody | null];

/** How long the files of a version can be read after another has taken its place. */
export const SNAPSHOT_MS: number = 7 * DAY_MS;

const FORMAT = 1;

export function encodeVolume(record: VolumeRecord): Uint8Array<ArrayBuffer> {
  return encode(record);
}

export function encodeCommit({ changes, ...head }: CommitRecord): Uint8Array<ArrayBuffer> {
  return encode({ ...head, changes: changes.map(rowOf) });
}

export function encodeSegment(changes: readonly PathChange[]): Uint8Array<ArrayBuffer> {
  return encode({ changes: changes.map(rowOf) });
}

export async function readVolume(objects: Objects, key: string): Promise<VolumeRecord | undefined> {
  return (await read(objects, key)) as VolumeRecord | undefined;
}

export async function readCommit(objects: Objects, key: string): Promise<CommitRecord | undefined> {
  const found = (await read(objects, key)) as (Omit<CommitRecord, 'changes'> & { changes: Row[] }) | undefined;
  return found && { ...found, changes: found.changes.map(changeOf) };
}

export async function readSegment(objects: Objects, key: string): Promise<PathChange[] | undefined> {
  const found = (await read(objects, key)) as { readonly changes: Row[] } | undefined;
  return found?.changes.map(changeOf);
}

function rowOf({ path, version, body }: PathChange): Row {
  return [path, version, body ?? null];
}

function changeOf([path, version, body]: Row): PathChange {
  return { path, version, body: body ?? undefined };
}

function encode(fields: object): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify({ format: FORMAT, ...fields }));
}

async function read(objects: Objects, key: string): Promise<unknown> {
  const stream = await objects.read(key);
  if (!stream) return undefined;
  const record = JSON.parse(await new Response(stream).text()) as { readonly format: number };
  if (record.format === FORMAT) return record;
  throw new ServerError(
    'OBJECTS_UNAVAILABLE',
    `${key} in ${objects.name} is of format ${record.format}, which a later version of warpmap writes; update this one`,
  );
}
