import type { FastifyInstance } from 'fastify';
import type { Node } from '../node.ts';

/** `GET /livez`, `/readyz` and `/metrics`. */
export function healthRoutes(app: FastifyInstance, node: Node): void {
  app.get('/livez', () => ({ status: 'live' }));
  app.get('/readyz', () => {
    node.state.open();
    return { status: 'ready' };
  });
  app.get('/metrics', async (_request, reply) => {
    return reply.type(node.metrics.contentType).send(await node.metrics.text());
  });
}
