import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { CliError } from '../errors.ts';
import { print } from '../print.ts';

/** Where results are written. Dropped without `finish`, it leaves nothing behind. */
export interface Destination extends AsyncDisposable {
  /** Resolves when there is room for more. */
  write(bytes: string | Uint8Array): Promise<void>;
  finish(): Promise<void>;
}

/** Standard output, or a file that appears once it is whole. Throws `FILE_UNWRITABLE`. */
export async function openDestination(path: string | undefined): Promise<Destination> {
  return path === undefined ? STANDARD : openFile(path);
}

const STANDARD: Destination = {
  write: print,
  async finish() {},
  async [Symbol.asyncDispose]() {},
};

async function openFile(path: string): Promise<Destination> {
  const partial = `${path}.${process.pid}.part`;
  const stream = createWriteStream(partial, { flags: 'wx' });
  let failure: Error | undefined;
  stream.on('error', (error) => (failure ??= error));
  const check = async <T>(step: Promise<T>): Promise<void> => {
    try {
      await step;
    } catch (error) {
      failure ??= error as Error;
    }
    if (failure) throw unwritable(path, failure);
  };
  await check(once(stream, 'open'));
  let done = false;
  return {
    async write(bytes) {
      if (failure) throw unwritable(path, failure);
      if (!stream.write(bytes)) await check(once(stream, 'drain'));
    },
    async finish() {
      stream.end();
      await check(finished(stream));
      await check(rename(partial, path));
      done = true;
    },
    async [Symbol.asyncDispose]() {
      if (done) return;
      stream.destroy();
      await finished(stream).catch(() => {});
      await rm(partial, { force: true });
    },
  };
}

function unwritable(path: string, cause: Error): CliError {
  return new CliError('FILE_UNWRITABLE', `The results could not be written to ${path}: ${cause.message}`, { cause });
}
