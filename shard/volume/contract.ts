/** The contract of volumes: what clients, handlers and nodes tell each other of named stores of files. */

/** A file as of one version. */
export interface FileInfo {
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since 1970, when it was written. */
  readonly modified: number;
  /** SHA-256 of its bytes, as hex digits. */
  readonly hash: string;
  /** Number of the commit by which it is so. */
  readonly version: number;
}

/**
 * Where the bytes of a file are: pieces of `PIECE_BYTES`, the last one shorter, each named by the SHA-256 of its bytes
 * and the day on which it was written, since only pieces of earlier days may be swept.
 */
export interface FileBody extends Pick<FileInfo, 'bytes' | 'modified' | 'hash'> {
  /** Days since 1970. */
  readonly day: number;
  /** Of a file that has more than one piece; a lone piece is named by `hash`. */
  readonly pieces?: readonly string[];
}

export interface StoredFile extends FileBody, Pick<FileInfo, 'path' | 'version'> {}

export interface VolumeInfo {
  readonly name: string;
  /** Of this volume, and of no later one of its name. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** Number of its newest commit; 0 if there is none. */
  readonly version: number;
}

/** A volume as of one version. */
export type VolumeAt = Pick<VolumeInfo, 'name' | 'id' | 'version'>;

export interface PieceName {
  readonly day: number;
  readonly hash: string;
}

/** Of one path: it is written, made a copy of what another was at the base of the commit, or removed. */
export type Change =
  | { readonly path: string; readonly body: FileBody }
  | { readonly path: string; readonly from: string }
  | { readonly path: string; readonly removed: true };

export interface FilePage {
  readonly prefix: string;
  /** Only paths above this one. Default: all. */
  readonly after?: string;
  readonly limit: number;
}

/** What a volume stands on: a node that is asked, or the objects themselves. Throws `VOLUME_NOT_FOUND` for a volume that is not there (any more). */
export interface VolumeBackend {
  /** The volume as it is now. */
  open(name: string, options: { readonly create: boolean }): Promise<VolumeInfo>;
  stat(at: VolumeAt, path: string): Promise<StoredFile | undefined>;
  /** By rising path, in the order of their UTF-16 code units. */
  list(at: VolumeAt, page: FilePage): Promise<readonly StoredFile[]>;
  /**
   * Makes the changes visible, all at once, and tells the version. May be asked for twice, with the same UUID as `commit`.
   * Throws `VOLUME_CONFLICT` where one of the paths was changed since the base.
   */
  commit(base: VolumeAt, changes: readonly Change[], commit: string): Promise<number>;
  readPiece(
    volume: VolumeAt,
    piece: PieceName,
    range: { readonly start: number; readonly end: number },
  ): Promise<AsyncIterable<Uint8Array<ArrayBuffer>>>;
  /** May be asked for twice. */
  writePiece(volume: VolumeAt, piece: PieceName, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

export const PIECE_BYTES: number = 8 * 1024 * 1024;
/** Files that one `list` tells at most. */
export const MAX_PAGE = 10_000;

export const DAY_MS: number = 24 * 60 * 60 * 1000;
