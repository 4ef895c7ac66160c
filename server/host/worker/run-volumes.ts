import { type StagedFiles, stagedVolumeOn } from '../../../shard/volume/volume.ts';
import type { VolumeBackend } from '../../../shard/volume/contract.ts';

/** The volumes of one run of a handler, whose changes are visible once it has succeeded. */
export class RunVolumes {
  readonly mounted: Readonly<Record<string, StagedFiles>>;

  constructor(names: Readonly<Record<string, string>>, backend: VolumeBackend, signal: AbortSignal) {
    const mounts = Object.entries(names).map(([mount, name]): [string, StagedFiles] => [
      mount,
      stagedVolumeOn({ backend, signal }, name, { createIfMissing: true }),
    ]);
    this.mounted = Object.fromEntries(mounts);
  }

  /** Throws `VOLUME_CONFLICT`. Of several volumes those before the one that conflicts are committed. */
  async commit(): Promise<void> {
    for (const volume of Object.values(this.mounted)) if (volume.changed) await volume.commit();
  }
}
