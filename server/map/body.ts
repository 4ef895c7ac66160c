import type { IncomingMessage } from 'node:http';
import { ServerError } from '../errors.ts';

/**
 * The chunks of a request body as they come, no more than `limit` bytes of them, each handed to `take` first.
 * Throws `BODY_TOO_LARGE`, and what `take` throws.
 */
export async function* readBody(
  request: IncomingMessage,
  limit: number,
  take: (chunk: Buffer) => void,
): AsyncGenerator<Buffer, void, undefined> {
  // A length that was announced is refused before the bytes are sent; one that was not, as soon as it is passed.
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  let received = 0;
  // The socket must outlive a refusal, or the client would never read it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    received += (chunk as Buffer).length;
    if (received > limit) throw tooLarge(limit);
    take(chunk as Buffer);
    yield chunk as Buffer;
  }
}

function tooLarge(limit: number): ServerError {
  return new ServerError('BODY_TOO_LARGE', `Expected a body of at most ${limit} bytes; send smaller batches`, {
    details: { limit },
  });
}
