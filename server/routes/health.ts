import type { FastifyInstance } from 'fastify';
import { OPEN, READ } from '../access/scopes.ts';
import type { Node } from '../node.ts';

/** `GET /livez`, `/readyz` and `/metrics`. */
export function healthRoutes(app: FastifyInstance, node: Node): void {
  app.get('/livez', OPEN, () => ({ status: 'live' }));
  app.get('/readyz', OPEN, () => {
    node.state.open();
    return { status: 'ready' };
  });
  app.get('/metrics', READ, async (_request, reply) => {
    return reply.type(node.metrics.contentType).send(await node.metrics.text());
  });
}
