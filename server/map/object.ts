import type { IncomingMessage } from 'node:http';
import { ServerError } from '../errors.ts';
import { readBody } from './body.ts';

/** Bytes of a request that only sets something. */
const MAX_BYTES = 4_096;

/** The small JSON object that a request has for a body, of 4 KiB at most or `maxBytes`. Throws `REQUEST_INVALID`, or `BODY_TOO_LARGE`. */
export async function readObject(request: IncomingMessage, maxBytes: number = MAX_BYTES): Promise<object> {
  const chunks: Buffer[] = [];
  for await (const chunk of readBody(request, maxBytes, () => {})) chunks.push(chunk);
  const body = parse(Buffer.concat(chunks).toString('utf8'));
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw new ServerError('REQUEST_INVALID', 'Expected the body to be a JSON object');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ServerError('REQUEST_INVALID', `Expected the body to be JSON: ${(error as Error).message}`);
  }
}
