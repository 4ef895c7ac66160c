import type { FastifyInstance } from 'fastify';
import { NODE } from '../access/scopes.ts';
import { ServerError } from '../errors.ts';
import { readBytes } from '../map/bytes.ts';
import type { Node } from '../node.ts';
import { Claims } from '../store/remote/claims.ts';
import type { ChunkStore } from '../store/contract.ts';
import { isVerb, packBody, STORE_MEDIA_TYPE, unpackBody } from '../store/remote/form.ts';
import { serveVerb } from '../store/remote/serve.ts';

interface VerbRoute {
  readonly Params: { readonly store: string; readonly verb: string };
}

/** `/v1/store`: the verbs of the store that this node owns, for nodes that have none. */
export function storeRoutes(app: FastifyInstance, node: Node): void {
  const claims = new Claims(node.clock);
  const own = async (): Promise<ChunkStore> => {
    const { kind, store } = await node.storage.open();
    if (kind !== 'remote') return store;
    throw new ServerError('STORE_UNAVAILABLE', 'This node has its calls in the store of another; name that one');
  };

  app.get('/v1/store', NODE, async () => ({ id: (await own()).id }));

  app.post<VerbRoute>('/v1/store/:store/:verb', NODE, async ({ params, raw }, reply) => {
    const { verb } = params;
    if (!isVerb(verb)) throw new ServerError('ROUTE_NOT_FOUND', `A store has no verb ${verb}`);
    const store = await own();
    if (params.store !== store.id) {
      throw new ServerError('STORE_UNAVAILABLE', `The store of this node is ${store.id} now, and not ${params.store}`);
    }
    const given = unpackBody(await readBytes(raw, node.limits.bodyBytes, () => {}));
    const result = await serveVerb(store, claims, verb, given);
    return reply.type(STORE_MEDIA_TYPE).send(Buffer.from(packBody(result)));
  });
}
