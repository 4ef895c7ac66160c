import type { FileHandle } from 'node:fs/promises';
import { ServerError } from '../errors.ts';
import type { ByteRange } from './contract.ts';

const CHUNK = 256 * 1024;

/**
 * The bytes of a file, read as they are taken. Closes it at their end, when they are cancelled, and before this resolves
 * where they are few, so that who forgets them keeps no file open.
 */
export async function bytesOfFile(
  file: FileHandle,
  { start, end = Infinity }: ByteRange = { start: 0 },
  errorOf: (error: unknown) => Error,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  let at = start;
  let left: number;
  const next = async (): Promise<Uint8Array<ArrayBuffer>> => {
    const buffer = new Uint8Array(Math.min(CHUNK, left));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) throw new ServerError('OBJECTS_UNAVAILABLE', `A file ends ${left} bytes before it should`);
    at += bytesRead;
    left -= bytesRead;
    return buffer.subarray(0, bytesRead);
  };
  try {
    left = Math.max(0, Math.min(end, (await file.stat()).size) - start);
    if (left <= CHUNK) {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      while (left > 0) parts.push(await next());
      await file.close();
      return streamOf(parts);
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          controller.enqueue(await next());
          if (left > 0) return;
          await file.close();
          controller.close();
        } catch (error) {
          await file.close();
          throw errorOf(error);
        }
      },
      cancel: () => file.close(),
    },
    { highWaterMark: 0 },
  );
}

function streamOf(parts: readonly Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}
