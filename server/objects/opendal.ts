import { randomUUID } from 'node:crypto';
import type { Operator } from 'opendal';
import { ServerError } from '../errors.ts';
import type { ByteRange, ObjectBytes, Objects, ObjectStat } from './contract.ts';
import { requireKey } from './key.ts';
import type { Service } from './service.ts';

/** Bytes of one request that reads, and of one part that is written; services want 5 MiB or more of a part. */
const PIECE = 8 * 1024 * 1024;
/** Tries of what may be tried again. */
const TRIES = 4;
const RETRY_MS = 200;

/**
 * Objects in a service of Apache OpenDAL, such as S3. What it writes in parts appears when they are put together; what was
 * left unfinished is the service's to remove, after a time that its owner has set.
 */
export class OpendalObjects implements Objects {
  readonly name: string;
  readonly #operator: Operator;
  #conditional: Promise<void> | undefined;

  private constructor(name: string, operator: Operator) {
    this.name = name;
    this.#operator = operator;
  }

  /** Throws `OBJECTS_UNAVAILABLE` where `opendal` is not installed, or does not know what to do with these options. */
  static async open({ name, scheme, options }: Service): Promise<OpendalObjects> {
    const { Operator: Opened } = await load();
    try {
      return new OpendalObjects(name, new Opened(scheme, options));
    } catch (error) {
      throw unavailable(name, error);
    }
  }

  async read(key: string, range?: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined> {
    requireKey(key);
    const found = await this.#stat(key);
    if (!found) return undefined;
    const end = Math.min(range?.end ?? Infinity, found.bytes);
    let at = Math.min(range?.start ?? 0, end);
    // What is read in several requests must be of one write.
    const same = found.etag !== null && this.#operator.capability().readWithIfMatch ? { ifMatch: found.etag } : {};
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: async (controller) => {
          if (at >= end) return controller.close();
          const size = Math.min(PIECE, end - at);
          const options = { offset: BigInt(at), size: BigInt(size), ...same };
          const bytes = await this.#attempt(() => this.#operator.read(key, options), TRIES);
          if (bytes.length !== size) throw unavailable(this.name, `${key} ended early`);
          at += size;
          controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
          if (at >= end) controller.close();
        },
      },
      { highWaterMark: 1 },
    );
  }

  async write(key: string, bytes: ObjectBytes): Promise<void> {
    requireKey(key);
    if (bytes instanceof Uint8Array) {
      await this.#attempt(() => this.#operator.write(key, bufferOf(bytes)), TRIES);
      return;
    }
    const pieces = piecesOf(bytes);
    const first = await pieces.next();
    const second = await pieces.next();
    if (second.done === true) return this.write(key, first.value ?? new Uint8Array(0));
    const writer = await this.#attempt(() => this.#operator.writer(key));
    try {
      for (const { value } of [first, second]) if (value) await this.#attempt(() => writer.write(bufferOf(value)));
      for await (const piece of pieces) await this.#attempt(() => writer.write(bufferOf(piece)));
    } finally {
      await pieces.return();
    }
    await this.#attempt(() => writer.close());
  }

  async create(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    requireKey(key);
    await (this.#conditional ??= this.#proveConditional());
    return this.#writeNew(key, bytes);
  }

  async stat(key: string): Promise<ObjectStat | undefined> {
    requireKey(key);
    const found = await this.#stat(key);
    return found && { key, bytes: found.bytes, modified: found.modified };
  }

  async *list(prefix: string, after = ''): AsyncGenerator<ObjectStat, void, undefined> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const starts = this.#operator.capability().listWithStartAfter && after !== '';
    const options = { recursive: true, ...(starts && { startAfter: after }) };
    const lister = await this.#attempt(() => this.#operator.lister(folder, options), TRIES);
    for (;;) {
      const entry = await this.#attempt(() => lister.next());
      if (entry === null) return;
      const key = entry.path();
      if (key.endsWith('/') || !key.startsWith(prefix) || key <= after) continue;
      const { contentLength, lastModified } = entry.metadata();
      if (contentLength === null || lastModified === null) {
        const found = await this.stat(key);
        if (found) yield found;
      } else yield { key, bytes: Number(contentLength), modified: Date.parse(lastModified) };
    }
  }

  async remove(key: string): Promise<void> {
    requireKey(key);
    await this.#attempt(() => this.#operator.delete(key), TRIES);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #stat(key: string): Promise<(Omit<ObjectStat, 'key'> & { readonly etag: string | null }) | undefined> {
    try {
      const found = await this.#attempt(() => this.#operator.stat(key), TRIES);
      if (!found.isFile()) return undefined;
      const { contentLength, lastModified, etag } = found;
      return { bytes: Number(contentLength), modified: Date.parse(lastModified ?? ''), etag };
    } catch (error) {
      if (causeIs(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  /** False where there is one. Not tried again: whether the first try has succeeded could not be told. */
  async #writeNew(key: string, bytes: Uint8Array): Promise<boolean> {
    try {
      await this.#attempt(() => this.#operator.write(key, bufferOf(bytes), { ifNotExists: true }));
      return true;
    } catch (error) {
      if (causeIs(error, 'ConditionNotMatch')) return false;
      throw error;
    }
  }

  /** Some services that speak S3 take the condition, and write all the same. Throws `OBJECTS_UNAVAILABLE`. */
  async #proveConditional(): Promise<void> {
    const probe = `warpmap-probe/${randomUUID()}`;
    try {
      const able = this.#operator.capability().writeWithIfNotExists;
      if (able && (await this.#writeNew(probe, PROBE)) && !(await this.#writeNew(probe, PROBE))) return;
    } catch (error) {
      // It may be reached the next time.
      this.#conditional = undefined;
      throw error;
    } finally {
      await this.remove(probe).catch(() => {});
    }
    throw new ServerError(
      'OBJECTS_UNAVAILABLE',
      `${this.name} can't be told to write only what is not there (\`If-None-Match: *\`), without which two writers ` +
        'could not be kept apart: take a service that can, such as S3, R2 or MinIO, or a directory',
    );
  }

  async #attempt<T>(action: () => Promise<T>, tries = 1): Promise<T> {
    for (let left = tries - 1; ; left--) {
      try {
        return await action();
      } catch (error) {
        if (left === 0 || !(error instanceof Error) || !/^\w+ \(temporary\)/v.test(error.message)) {
          throw unavailable(this.name, error);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS * (tries - left)));
    }
  }
}

const PROBE = Uint8Array.of(0);

/** Throws `OBJECTS_UNAVAILABLE`. */
async function load(): Promise<typeof import('opendal')> {
  try {
    return await import('opendal');
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND';
    const mend = missing ? 'run `npm install opendal`' : 'its binary does not fit this system';
    const why =
      cause instanceof Error ? (cause.cause instanceof Array ? String(cause.cause.at(-1)) : cause.message) : '';
    throw new ServerError(
      'OBJECTS_UNAVAILABLE',
      `Objects in a service need the package opendal, which can't be loaded: ${mend} (${why.split('\n')[0]})`,
      { cause },
    );
  }
}

/** Pieces of the size in which they are sent, but for the last. */
async function* piecesOf(
  bytes: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let piece = new Uint8Array(PIECE);
  let filled = 0;
  for await (const part of bytes) {
    for (let at = 0; at < part.length;) {
      const taken = part.subarray(at, at + PIECE - filled);
      piece.set(taken, filled);
      at += taken.length;
      filled += taken.length;
      if (filled < PIECE) continue;
      yield piece;
      piece = new Uint8Array(PIECE);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** OpenDAL's messages begin with the kind of the error. */
function causeIs(error: unknown, kind: string): boolean {
  const cause = error instanceof ServerError ? error.cause : undefined;
  return cause instanceof Error && cause.message.startsWith(`${kind} `);
}

function unavailable(name: string, cause: unknown): ServerError {
  if (cause instanceof ServerError) return cause;
  const reason = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!;
  return new ServerError('OBJECTS_UNAVAILABLE', `The objects in ${name} can't be used: ${reason}`, { cause });
}
