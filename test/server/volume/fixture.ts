import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Volume, volumeOn } from '../../../shard/volume/volume.ts';
import type { Objects } from '../../../server/objects/contract.ts';
import { LocalObjects } from '../../../server/objects/local.ts';
import { Volumes } from '../../../server/volume/volumes.ts';

export interface Fixture extends AsyncDisposable {
  readonly directory: string;
  readonly objects: Objects;
  /** Milliseconds since 1970. */
  now: number;
  readonly troubles: unknown[];
  /** Volumes of another node over the same objects. */
  node(objects?: Objects): Volumes;
}

export async function fixture(): Promise<Fixture> {
  const directory = await mkdtemp(join(tmpdir(), 'warpmap-volume-'));
  const objects = await LocalObjects.open(directory);
  const nodes: Volumes[] = [];
  const made: Fixture = {
    directory,
    objects,
    now: Date.now(),
    troubles: [],
    node(over = objects) {
      const options = { objects: over, now: () => made.now, onTrouble: (error: unknown) => made.troubles.push(error) };
      const volumes = new Volumes(options);
      nodes.push(volumes);
      return volumes;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
      await rm(directory, { recursive: true });
    },
  };
  return made;
}

/** A handle of a client of that node. */
export function volumeOf(backend: Volumes, name = 'v', now: () => number = Date.now): Volume {
  return volumeOn({ backend, now }, name, { createIfMissing: true });
}

/** What a handle sees: each path with its text. */
export async function textsOf(volume: Pick<Volume, 'list' | 'text'>): Promise<Record<string, string>> {
  const texts = await Array.fromAsync(volume.list(), async ({ path }) => [path, await volume.text(path)] as const);
  return Object.fromEntries(texts);
}
