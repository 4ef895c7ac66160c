import type { Readable } from 'node:stream';

/** Bytes that may wait to be taken before the connection is read no further. */
const MAX_WAITING = 256 * 1024;

/**
 * The chunks of a body as they came. Iterating over the stream itself would join those that wait, which copies most of
 * a large answer once more.
 */
export async function* chunksOf(body: Readable): AsyncGenerator<Uint8Array, void, undefined> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  let end: { readonly error?: unknown } | undefined;
  let wake = (): void => {};
  const ended = (error?: unknown): void => {
    end ??= error === undefined ? {} : { error };
    wake();
  };
  body.on('data', (chunk: Uint8Array) => {
    waiting.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_WAITING) body.pause();
    wake();
  });
  // Closing without an end or an error happens only to one who has left.
  body.on('end', ended).on('close', ended).on('error', ended);
  try {
    for (;;) {
      const taken = waiting;
      [waiting, bytes] = [[], 0];
      if (body.isPaused()) body.resume();
      yield* taken;
      if (waiting.length > 0) continue;
      if (end) {
        if ('error' in end) throw end.error;
        return;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    body.destroy();
  }
}
