import { hash } from 'node:crypto';
import { ShardError } from '../../shard/errors.ts';
import type { PieceName, VolumeAt, VolumeBackend } from '../../shard/volume/contract.ts';
import type { Objects } from '../objects/contract.ts';
import { pieceKey } from './keys.ts';

/** Pieces of files, straight from and to the objects. */
export function piecesOn(objects: Objects): Pick<VolumeBackend, 'readPiece' | 'writePiece'> {
  return {
    async readPiece({ id, name }, piece, range) {
      const bytes = await objects.read(pieceKey(id, piece), range);
      if (bytes) return bytes;
      throw new ShardError(
        'VERSION_EXPIRED',
        `A piece of a file of the volume ${name} is not kept any more: its version is long past, or the volume is gone`,
      );
    },
    async writePiece({ id }: VolumeAt, piece: PieceName, bytes) {
      if (hash('sha256', bytes) !== piece.hash) {
        throw new ShardError('INPUT_INVALID', `Expected a piece whose SHA-256 is ${piece.hash}: its bytes are others`);
      }
      await objects.create(pieceKey(id, piece), bytes);
    },
  };
}
