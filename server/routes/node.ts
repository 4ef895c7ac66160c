import type { FastifyInstance } from 'fastify';
import { ANY, CALL, READ } from '../access/scopes.ts';
import { requireSize } from '../../shard/app/collection-options.ts';
import { infoOf } from '../../core/collection/shape.ts';
import type { Node } from '../node.ts';
import { queryOf } from './query.ts';
import { packageVersion } from '../../core/version.ts';

/** `GET /v1/node`, the collections, and `DELETE /v1/calls/:call`. */
export function nodeRoutes(app: FastifyInstance, node: Node): void {
  const version = packageVersion();

  app.get('/v1/node', ANY, () => {
    const { device, model } = node.state.engine();
    const { opened } = node.storage;
    return {
      version,
      device,
      model,
      functions: node.functions.names,
      draining: node.state.draining,
      ...(opened && { store: { id: opened.store.id, kind: opened.kind } }),
    };
  });

  app.get('/v1/collections', READ, () => ({
    collections: node.state.engine().collections().map(infoOf),
  }));

  app.get<{ Params: { name: string } }>('/v1/collections/:name', READ, ({ params }) =>
    infoOf(node.state.engine().existingCollection(params.name)),
  );

  app.get<{ Params: { name: string } }>('/v1/collections/:name/explain', READ, async ({ params, query }) => {
    const given = queryOf(query as object, ['queries', 'k']);
    const [queries, k] = [given.whole('queries'), given.whole('k')];
    const size = requireSize({ ...(queries !== undefined && { queries }), ...(k !== undefined && { k }) });
    return node.state.engine().existingCollection(params.name).explain(size);
  });

  app.delete<{ Params: { name: string } }>('/v1/collections/:name', CALL, async ({ params }, reply) => {
    // As of any DELETE, the second time is as good as the first.
    await node.state.engine().drop(params.name);
    return reply.code(204).send();
  });

  app.delete<{ Params: { call: string } }>('/v1/calls/:call', CALL, async ({ params }, reply) => {
    node.calls.cancel(params.call);
    node.replays.forget(params.call);
    return reply.code(204).send();
  });
}
