import type { FastifyInstance } from 'fastify';
import { CALL, READ } from '../access/scopes.ts';
import type { Node } from '../node.ts';

interface JournalRoute {
  readonly Params: { readonly key: string };
}

/** The journals of this node: what there is, what one has, and that it is forgotten. */
export function journalRoutes(app: FastifyInstance, { journal }: Node): void {
  app.get('/v1/journals', READ, async () => ({ journals: await journal.list() }));

  app.get<JournalRoute>('/v1/journals/:key', READ, async ({ params }) => ({
    key: params.key,
    ranges: await journal.ranges(params.key),
  }));

  app.delete<JournalRoute>('/v1/journals/:key', CALL, async ({ params }, reply) => {
    // As of any DELETE, the second time is as good as the first.
    await journal.forget(params.key);
    return reply.code(204).send();
  });
}
