import type { FastifyInstance } from 'fastify';
import { CALL } from '../access/scopes.ts';
import type { Node } from '../node.ts';
import { serveStream } from '../stream/serve.ts';
import { formOf } from './map.ts';
import { whole } from './whole.ts';

/** Items that may wait here to be taken. */
const MAX_AHEAD = 1_024;

/** `POST /v1/stream`: one run of a generator, its items streamed back; and what its client tells of them. */
export function streamRoutes(app: FastifyInstance, node: Node): void {
  app.post<{ Querystring: Record<string, unknown> }>('/v1/stream', CALL, async (request, reply) => {
    const { ahead } = request.query;
    await serveStream(node, formOf(request), {
      request: request.raw,
      response: reply.raw,
      ahead: ahead === undefined ? undefined : whole('ahead', ahead, { from: 1, to: MAX_AHEAD }),
      onBegin() {
        reply.hijack();
      },
    });
    return reply;
  });

  app.put<{ Params: { call: string; batch: string; count: string } }>(
    '/v1/stream/:call/:batch/taken/:count',
    CALL,
    async ({ params }, reply) => {
      node.streams.taken(params.call, whole('batch', params.batch), whole('count', params.count));
      return reply.code(204).send();
    },
  );
}
