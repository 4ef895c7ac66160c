import { randomUUID } from 'node:crypto';
import { ShardError } from '../../shard/errors.ts';
import {
  type Change,
  DAY_MS,
  type FilePage,
  MAX_PAGE,
  type PieceName,
  type StoredFile,
  type VolumeAt,
  type VolumeBackend,
  type VolumeInfo,
} from '../../shard/volume/contract.ts';
import { requireVolumeName } from '../../shard/volume/names.ts';
import type { Objects } from '../objects/contract.ts';
import { dataPrefix, recordKey, RECORDS } from './keys.ts';
import { VolumeLog } from './log.ts';
import { piecesOn } from './pieces.ts';
import { encodeVolume, readVolume, type VolumeRecord } from './records.ts';
import { sweep } from './sweep.ts';

/** Volumes of which the files are kept in memory. */
const MAX_OPEN = 64;

export interface VolumesOptions {
  readonly objects: Objects;
  /** Milliseconds since 1970. Default: the system's. */
  readonly now?: () => number;
  /** What failed, and nobody waits for. Default: nothing is told. */
  readonly onTrouble?: (error: unknown) => void;
}

/** The volumes that are kept in some objects, which other nodes may use at the same time. */
export class Volumes implements VolumeBackend, AsyncDisposable {
  readonly #objects: Objects;
  readonly #now: () => number;
  readonly #onTrouble: (error: unknown) => void;
  readonly #pieces: Pick<VolumeBackend, 'readPiece' | 'writePiece'>;
  /** By id; the one that was used last is last. */
  readonly #logs = new Map<string, VolumeLog>();
  /** Those that are not kept any more, and still write. */
  readonly #closing = new Set<Promise<void>>();
  #sweeping: Promise<void> = Promise.resolve();
  readonly #closed = new AbortController();

  constructor({ objects, now = Date.now, onTrouble = () => {} }: VolumesOptions) {
    this.#objects = objects;
    this.#now = now;
    this.#onTrouble = onTrouble;
    this.#pieces = piecesOn(objects);
  }

  async open(name: string, { create }: { readonly create: boolean }): Promise<VolumeInfo> {
    const record = (await this.#record(name)) ?? (create ? await this.create(name) : undefined);
    if (!record) throw absent(name);
    const log = this.#log({ name, id: record.id });
    this.#sweepNowAndThen(log, record.id);
    await log.refresh();
    return { name, id: record.id, created: record.created, version: log.state.version };
  }

  /** Makes a volume, unless there is one of that name; then that is meant. */
  async create(name: string): Promise<VolumeRecord & { readonly made: boolean }> {
    const record = { id: randomUUID(), created: this.#now() };
    if (await this.#objects.create(recordKey(requireVolumeName(name)), encodeVolume(record))) {
      return { ...record, made: true };
    }
    const known = await this.#record(name);
    if (known) return { ...known, made: known.id === record.id };
    throw absent(name);
  }

  /** Names by rising name. */
  async names(): Promise<string[]> {
    const keys = await Array.fromAsync(this.#objects.list(RECORDS), ({ key }) => key.slice(RECORDS.length));
    return keys;
  }

  /** Removes a volume with all that it has. Does nothing if there is none. */
  async remove(name: string): Promise<void> {
    const record = await this.#record(name);
    if (!record) return;
    await this.#objects.remove(recordKey(name));
    const log = this.#logs.get(record.id);
    this.#logs.delete(record.id);
    await log?.[Symbol.asyncDispose]();
    for await (const { key } of this.#objects.list(dataPrefix(record.id))) await this.#objects.remove(key);
  }

  async stat(at: VolumeAt, path: string): Promise<StoredFile | undefined> {
    return (await (await this.#opened(at)).at(at.version)).stat(path, at.version);
  }

  async list(at: VolumeAt, { limit, ...page }: FilePage): Promise<StoredFile[]> {
    const state = await (await this.#opened(at)).at(at.version);
    return state.list(at.version, { ...page, limit: Math.min(limit, MAX_PAGE) });
  }

  async commit(base: VolumeAt, changes: readonly Change[], commit: string): Promise<number> {
    return (await this.#opened(base)).commit(base, changes, commit);
  }

  readPiece(
    volume: VolumeAt,
    piece: PieceName,
    range: { readonly start: number; readonly end: number },
  ): Promise<AsyncIterable<Uint8Array<ArrayBuffer>>> {
    return this.#pieces.readPiece(volume, piece, range);
  }

  async writePiece(volume: VolumeAt, piece: PieceName, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#opened(volume);
    return this.#pieces.writePiece(volume, piece, bytes);
  }

  /** Waits for what goes on; the objects stay their owner's. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await Promise.all(Array.from(this.#logs.values(), (log) => log[Symbol.asyncDispose]()));
    await Promise.all(this.#closing);
    await this.#sweeping;
  }

  async #record(name: string): Promise<VolumeRecord | undefined> {
    return readVolume(this.#objects, recordKey(requireVolumeName(name)));
  }

  /** Of a volume that is there, under its own name: anyone may ask for any. Throws `VOLUME_NOT_FOUND`. */
  async #opened({ name, id }: VolumeAt): Promise<VolumeLog> {
    if (this.#logs.get(id)?.name !== name && (await this.#record(name))?.id !== id) throw absent(name);
    return this.#log({ name, id });
  }

  #log({ name, id }: Pick<VolumeAt, 'name' | 'id'>): VolumeLog {
    const log =
      this.#logs.get(id) ??
      new VolumeLog({
        objects: this.#objects,
        name,
        id,
        now: this.#now,
        onTrouble: this.#onTrouble,
        requirePresent: async () => {
          if ((await this.#record(name))?.id !== id) throw absent(name);
        },
      });
    this.#logs.delete(id);
    this.#logs.set(id, log);
    const [[oldest, evicted] = []] = this.#logs;
    if (this.#logs.size > MAX_OPEN) {
      this.#logs.delete(oldest!);
      const closing = evicted![Symbol.asyncDispose]().finally(() => this.#closing.delete(closing));
      this.#closing.add(closing);
    }
    return log;
  }

  #sweepNowAndThen(log: VolumeLog, id: string): void {
    const now = this.#now();
    if (now - log.sweptAt < DAY_MS) return;
    log.sweptAt = now;
    const signal = this.#closed.signal;
    this.#sweeping = this.#sweeping
      .then(async () => {
        await sweep({ objects: this.#objects, id, now, signal });
      })
      .catch((error: unknown) => {
        if (!signal.aborted) this.#onTrouble(error);
      });
  }
}

function absent(name: string): ShardError {
  return new ShardError(
    'VOLUME_NOT_FOUND',
    `There is no volume ${JSON.stringify(name)}; make it with createIfMissing, or \`warpmap volume create\``,
  );
}
