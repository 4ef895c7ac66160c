import type { IncomingMessage } from 'node:http';
import { readBody } from './body.ts';

/** A whole request body, in one buffer of its own. `take` hears of bytes as they come. Throws `BODY_TOO_LARGE`. */
export async function readBytes(
  request: IncomingMessage,
  limit: number,
  take: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of readBody(request, limit, (each) => take(each.length))) {
    chunks.push(chunk);
    length += chunk.length;
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
