import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { ModelError } from '../errors.ts';

/** One read of the operating system ends below 2 GiB. */
const maxRead = 2 ** 30;

/** Files read as if they were joined end to end, as the shards of a tfjs model are. */
export class JoinedFiles implements AsyncDisposable {
  readonly byteLength: number;
  readonly #files: readonly OpenFile[];

  private constructor(files: readonly OpenFile[]) {
    this.#files = files;
    this.byteLength = files.reduce((sum, { size }) => sum + size, 0);
  }

  /** Throws `MODEL_NOT_FOUND` where a file can't be opened. */
  static async open(paths: readonly string[]): Promise<JoinedFiles> {
    const files: OpenFile[] = [];
    try {
      for (const path of paths) {
        const handle = await open(path, 'r');
        files.push({ path, handle, size: 0 });
        files[files.length - 1] = { path, handle, size: (await handle.stat()).size };
      }
    } catch (cause) {
      await new JoinedFiles(files)[Symbol.asyncDispose]();
      const path = paths[files.length] ?? paths.at(-1);
      throw new ModelError(
        'MODEL_NOT_FOUND',
        `Expected model weights at ${path}, but they can't be opened: ${messageOf(cause)}.`,
        { cause },
      );
    }
    return new JoinedFiles(files);
  }

  /** A copy of bytes `offset` to `offset + length`. Throws `MODEL_INVALID` where the files end before that. */
  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    if (offset + length > this.byteLength)
      throw new ModelError(
        'MODEL_INVALID',
        `Expected at least ${offset + length} bytes in ${this.#files.map(({ path }) => path).join(', ')}, ` +
          `found ${this.byteLength}: the download is incomplete. Fetch the model again.`,
      );
    const bytes = new Uint8Array(length);
    let done = 0;
    let start = 0;
    for (const { path, handle, size } of this.#files) {
      while (done < length && offset + done < start + size) {
        const from = offset + done - start;
        const read = readSync(handle.fd, bytes, done, Math.min(length - done, size - from, maxRead), from);
        if (read === 0)
          throw new ModelError('MODEL_INVALID', `Expected ${size} bytes in ${path}, but it was cut while it was read.`);
        done += read;
      }
      start += size;
    }
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { handle } of this.#files) await handle.close();
  }
}

interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly size: number;
}

/** Of anything thrown. */
export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** The path of a file that a model names as lying beside `path`. Throws `MODEL_INVALID` where it would leave the folder. */
export function beside(path: string, name: string): string {
  const folder = dirname(path);
  const file = join(folder, name);
  if (!file.startsWith(folder + sep))
    throw new ModelError('MODEL_INVALID', `Expected the files of ${path} to lie in its folder, got the path ${name}.`);
  return file;
}
