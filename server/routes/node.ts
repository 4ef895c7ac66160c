import type { FastifyInstance } from 'fastify';
import { ANY, CALL, READ } from '../access/scopes.ts';
import type { EngineCollection } from '../../core/contract.ts';
import type { Node } from '../node.ts';
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
    collections: node.state.engine().collections().map(describe),
  }));

  app.get<{ Params: { name: string } }>('/v1/collections/:name', READ, ({ params }) =>
    describe(node.state.engine().existingCollection(params.name)),
  );

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

function describe({ name, dims, size }: EngineCollection): Pick<EngineCollection, 'name' | 'dims' | 'size'> {
  return { name, dims, size };
}
