import { type Volume as VolumeHandle, volumeOn, type VolumeOptions } from '../../shard/volume/volume.ts';
import type { CallNodes } from '../call/ask.ts';
import type { NodeVolumes } from './node-volumes.ts';

/** What a connection gives volumes of. */
interface Volumes {
  volume(name: string, options?: VolumeOptions): VolumeHandle;
}

/** A named store of files on the nodes. */
export type Volume = VolumeHandle;

/** The same as `connection.volume(name)`. */
export const Volume: {
  /** Throws `OPTION_INVALID`. */
  fromName(connection: Volumes, name: string, options?: VolumeOptions): Volume;
} = {
  fromName: (connection, name, options) => connection.volume(name, options),
};

/** A volume on whichever node of a connection answers. */
export function volumeOver(nodes: CallNodes, name: string, options?: VolumeOptions): Volume {
  return volumeOn({ backend: volumesOver(nodes), signal: nodes.closed }, name, options);
}

/** Volumes on whichever node of a connection answers: all of them have the same. */
export function volumesOver(nodes: CallNodes): NodeVolumes {
  return {
    names: () => nodes.askVolumes((volumes) => volumes.names()),
    open: (name, options) => nodes.askVolumes((volumes) => volumes.open(name, options)),
    remove: (name) => nodes.askVolumes((volumes) => volumes.remove(name)),
    stat: (at, path) => nodes.askVolumes((volumes) => volumes.stat(at, path)),
    list: (at, page) => nodes.askVolumes((volumes) => volumes.list(at, page)),
    commit: (base, changes, commit) => nodes.askVolumes((volumes) => volumes.commit(base, changes, commit)),
    readPiece: (at, piece, range) => nodes.askVolumes((volumes) => volumes.readPiece(at, piece, range)),
    writePiece: (at, piece, bytes) => nodes.askVolumes((volumes) => volumes.writePiece(at, piece, bytes)),
  };
}
