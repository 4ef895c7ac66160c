import { resolve } from 'node:path';
import type { VolumeBackend, VolumeInfo } from '../../shard/volume/contract.ts';
import { requirePath } from '../../shard/volume/names.ts';
import { ServerError } from '../errors.ts';
import type { StorageFlags } from '../store/settings.ts';
import { changesOf, idOf } from '../volume/changes.ts';
import type { VolumeQuestion } from './messages.ts';

/** The volumes of a node, for the handlers of its apps. */
export interface HostVolumes {
  /** Where a worker finds the objects, since the bytes of files go straight there. */
  readonly place: StorageFlags;
  readonly open: () => Promise<VolumeBackend>;
}

/** They may be there only later than the app is. */
export type VolumeSource = () => Promise<HostVolumes>;

/** The same place, for a process that may have another working directory. */
export function placeAnywhere({ store, objects, data, token }: StorageFlags): StorageFlags {
  const isUrl = objects !== undefined && /^[a-z][a-z0-9+.\-]+:/iv.test(objects);
  return {
    store,
    objects: objects === undefined || isUrl ? objects : resolve(objects),
    data: data === undefined ? undefined : resolve(data),
    // No other store wants it.
    token: /^https?:/v.test(store ?? '') ? token : undefined,
  };
}

/** What the node answers to a handler. Throws as `VolumeBackend` does. */
export async function volumeAnswerOf(source: VolumeSource | undefined, question: VolumeQuestion): Promise<unknown> {
  const volumes = await source?.();
  if (!volumes) throw new ServerError('STORE_UNAVAILABLE', 'This node keeps no volumes');
  if (question.ask === 'place') return volumes.place;
  const backend = await volumes.open();
  switch (question.ask) {
    case 'open':
      return openedBy(backend, question.name);
    case 'stat':
      return backend.stat({ ...question.at, id: idOf(question.at.id) }, requirePath(question.path));
    case 'list':
      return backend.list({ ...question.at, id: idOf(question.at.id) }, question.page);
    case 'commit':
      return backend.commit(
        { ...question.at, id: idOf(question.at.id) },
        changesOf(question.changes),
        idOf(question.commit),
      );
  }
}

function openedBy(backend: VolumeBackend, name: string): Promise<VolumeInfo> {
  return backend.open(name, { create: true });
}
