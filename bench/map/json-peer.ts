/** What a backend team would write first: batches in JSON, over undici, to a plain fastify server. */
import { Pool } from 'undici';
import type { MapPeer } from './peer.ts';
import { mapInBatches } from './pipeline.ts';
import { peakMiB, startProcess } from './process.ts';

/** Requests under way at once, each on a connection of its own. */
const CONCURRENCY = 4;

export async function openJson(): Promise<MapPeer> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startProcess('jsonNodeMain.ts'));
  const pool = stack.adopt(new Pool(server.line, { connections: CONCURRENCY }), (open) => open.close());
  const owned = stack.move();
  return {
    name: 'fastify, undici and JSON',
    sizes: { echo: [1, 256, 1024, 4096, 16_384, 65_536], vector: [1, 64, 256, 1024] },
    run: (name, count, size) =>
      mapInBatches({ count, size, ahead: 2 * CONCURRENCY }, async (inputs) => {
        const { statusCode, body } = await pool.request({
          method: 'POST',
          path: `/${name}`,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ inputs }),
        });
        if (statusCode !== 200) throw new Error(`Expected status 200, got ${statusCode}: ${await body.text()}`);
        const { outputs } = (await body.json()) as { readonly outputs: Iterable<unknown> };
        return outputs;
      }),
    clientPeakMiB: peakMiB,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
