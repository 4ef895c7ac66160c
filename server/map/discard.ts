import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.ts';

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_MILLISECONDS = 5_000;

/**
 * A request is about to be refused before it was read to its end. What is still on its way is read and thrown away for
 * a while, because closing at once would reset the connection and could take the answer along. Must be called before
 * the answer is sent: Node throws the rest away by itself otherwise, however much it is.
 */
export function discardRest(request: IncomingMessage, clock: Clock): void {
  if (request.complete || request.destroyed) return;
  const patience = clock.after(MAX_MILLISECONDS, () => request.destroy());
  let discarded = 0;
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > MAX_BYTES) request.destroy();
  });
  request.once('close', () => patience[Symbol.dispose]());
  // A client that goes away while its bytes are thrown away is no news.
  request.on('error', () => {});
  request.resume();
}
