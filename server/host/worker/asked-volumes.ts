import { ShardError, type ShardErrorCode } from '../../../shard/errors.ts';
import type { VolumeBackend, VolumeInfo } from '../../../shard/volume/contract.ts';
import type { Question, VolumeQuestion } from '../messages.ts';
import type { StorageFlags } from '../../store/settings.ts';

type Pieces = Pick<VolumeBackend, 'readPiece' | 'writePiece'>;

/** Of this process: they are opened once. */
let pieces: Promise<Pieces> | undefined;

/** The node's volumes: what files there are it tells, and their bytes go straight to the objects. */
export function askedVolumes(askNode: (question: Question) => Promise<unknown>): VolumeBackend {
  const ask = async (volume: VolumeQuestion): Promise<unknown> => {
    try {
      return await askNode({ volume });
    } catch (error) {
      throw ofThisFloor(error);
    }
  };
  const opened = async (): Promise<Pieces> => {
    pieces ??= openPieces((await ask({ ask: 'place' })) as StorageFlags);
    pieces.catch(() => (pieces = undefined));
    return pieces;
  };
  return {
    open: async (name) => (await ask({ ask: 'open', name })) as VolumeInfo,
    stat: async (at, path) => (await ask({ ask: 'stat', at, path })) as Awaited<ReturnType<VolumeBackend['stat']>>,
    list: async (at, page) => (await ask({ ask: 'list', at, page })) as Awaited<ReturnType<VolumeBackend['list']>>,
    commit: async (at, changes, commit) => (await ask({ ask: 'commit', at, changes, commit })) as number,
    readPiece: async (at, piece, range) => (await opened()).readPiece(at, piece, range),
    writePiece: async (at, piece, bytes) => (await opened()).writePiece(at, piece, bytes),
  };
}

/** Most workers need none of it, so it is loaded when it is wanted. */
async function openPieces(place: StorageFlags): Promise<Pieces> {
  const [{ placesOf }, { openObjectsAt }, { piecesOn }] = await Promise.all([
    import('../../store/settings.ts'),
    import('../../store/objects.ts'),
    import('../../volume/pieces.ts'),
  ]);
  const { store, objects } = placesOf(place)!;
  return piecesOn(await openObjectsAt(objects, store));
}

function ofThisFloor(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'ShardError' || !('code' in error)) return error;
  return new ShardError(error.code as ShardErrorCode, error.message, { cause: error });
}
