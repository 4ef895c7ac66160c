/** The contract of volumes on a node: what a connection asks of it. */
import type { VolumeBackend } from '../../shard/volume/contract.ts';

/**
 * Each method may be asked again, of any node with the same store. Throws a `NodeError` for a refusal that no other time
 * would change, and a `ShardError` (`LANE_LOST`, `LANE_BUSY`) for what may pass.
 */
export interface NodeVolumes extends VolumeBackend {
  names(): Promise<readonly string[]>;
  /** Does nothing if there is none. */
  remove(name: string): Promise<void>;
}
