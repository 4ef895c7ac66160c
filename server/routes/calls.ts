import type { FastifyInstance, FastifyReply } from 'fastify';
import type { CallState } from '../../shard/call/contract.ts';
import { CHUNKS_MEDIA_TYPE, decodeChunks, encodeOutcomes, OUTCOMES_MEDIA_TYPE } from '../../shard/call/frames.ts';
import { CALL, READ } from '../access/scopes.ts';
import type { Waiting } from '../durable/calls.ts';
import { callStartOf } from '../durable/start.ts';
import { ServerError } from '../errors.ts';
import { readBytes } from '../map/bytes.ts';
import { readObject } from '../map/object.ts';
import type { Node } from '../node.ts';
import type { CallFilter } from '../store/contract.ts';
import { type Query, queryOf } from './query.ts';

interface CallRoute {
  readonly Params: { readonly id: string };
  readonly Querystring: Query;
}

interface AnyRoute {
  readonly Querystring: Query;
}

/** Bytes of what begins a call, its options among it. */
const START_BYTES = 256 * 1024;
/** Milliseconds that a request may be held. */
const MAX_WAIT = 60_000;
const MAX_CALLS = 1_000;
/** Inputs, or lines, of one page. */
const MAX_PAGE = 65_536;
const STATES: readonly CallState[] = ['open', 'sealed', 'done', 'cancelled'];

/** `/v1/calls`: durable calls, from their beginning to what became of them. */
export function callRoutes(app: FastifyInstance, node: Node): void {
  const { durable } = node;

  app.post('/v1/calls', CALL, async ({ raw }, reply) => {
    const begun = await durable.begin(callStartOf(await readObject(raw, START_BYTES)));
    return reply.code(begun.created ? 201 : 200).send(begun);
  });

  app.post<CallRoute>('/v1/calls/:id/chunks', CALL, async ({ params, raw, headers }, reply) => {
    if (headers['content-type']?.split(';')[0]?.trim().toLowerCase() !== CHUNKS_MEDIA_TYPE) {
      throw new ServerError('MEDIA_TYPE_UNSUPPORTED', `Expected the content type ${CHUNKS_MEDIA_TYPE}`);
    }
    // A draining node still takes them: its store outlives it.
    using permit = node.admission.admit();
    const body = await readBytes(raw, node.limits.bodyBytes, (bytes) => permit.takeBytes(bytes));
    await durable.append(params.id, decodeChunks(body));
    return reply.code(204).send();
  });

  app.post<CallRoute>('/v1/calls/:id/seal', CALL, async ({ params, raw }, reply) => {
    const query = queryOf(await readObject(raw), ['chunks', 'inputs']);
    await durable.seal(params.id, { chunks: query.needed('chunks'), inputs: query.needed('inputs') });
    return reply.code(204).send();
  });

  app.get<AnyRoute>('/v1/calls', READ, async ({ query: given }) => {
    const query = queryOf(given, ['state', 'function', 'before', 'limit']);
    const state = query.oneOf('state', STATES);
    const name = query.text('function');
    const before = query.whole('before');
    const filter: CallFilter = {
      limit: query.whole('limit', { from: 1, to: MAX_CALLS }) ?? 100,
      ...(state !== undefined && { state }),
      ...(name !== undefined && { function: name }),
      ...(before !== undefined && { before }),
    };
    return { calls: await durable.list(filter) };
  });

  app.get<CallRoute>('/v1/calls/:id', READ, async ({ params, query: given }, reply) => {
    const query = queryOf(given, ['wait']);
    return durable.status(params.id, waitingOf(query.whole('wait', { to: MAX_WAIT }), reply));
  });

  app.get<CallRoute>('/v1/calls/:id/outcomes', READ, async ({ params, query: given }, reply) => {
    const query = queryOf(given, ['from', 'after', 'limit', 'failed', 'wait']);
    const [from, after] = [query.whole('from'), query.whole('after')];
    if ((from === undefined) === (after === undefined)) {
      throw new ServerError('OPTION_INVALID', 'Expected one of from, for order, and after, for outcomes as they came');
    }
    const page = {
      ...(from === undefined ? { after: after! } : { from }),
      limit: query.whole('limit', { from: 1, to: MAX_PAGE }) ?? 1_024,
      failed: query.oneOf('failed', ['true', 'false']) === 'true',
    };
    const outcomes = await durable.outcomes(params.id, page, waitingOf(query.whole('wait', { to: MAX_WAIT }), reply));
    return reply.type(OUTCOMES_MEDIA_TYPE).send(encodeOutcomes(outcomes).joined());
  });

  app.get<CallRoute>('/v1/calls/:id/logs', READ, async ({ params, query: given }, reply) => {
    const query = queryOf(given, ['after', 'limit', 'wait']);
    const page = {
      after: query.whole('after') ?? 0,
      limit: query.whole('limit', { from: 1, to: MAX_PAGE }) ?? 1_024,
    };
    return durable.logs(params.id, page, waitingOf(query.whole('wait', { to: MAX_WAIT }), reply));
  });

  app.post<CallRoute>('/v1/calls/:id/cancel', CALL, async ({ params }, reply) => {
    await durable.cancel(params.id);
    return reply.code(204).send();
  });

  app.post<CallRoute>('/v1/calls/:id/retry', CALL, async ({ params }) => ({
    retried: await durable.retry(params.id),
  }));

  app.post<CallRoute>('/v1/calls/:id/forget', CALL, async ({ params }, reply) => {
    await durable.forget(params.id);
    return reply.code(204).send();
  });

  app.get('/v1/backlog', READ, async () => {
    const functions = await durable.backlog();
    const sum = (name: 'pending' | 'running'): number => functions.reduce((all, each) => all + each[name], 0);
    return { pending: sum('pending'), running: sum('running'), functions };
  });

  /** Ends with the connection, and when the node is stopped. */
  function waitingOf(milliseconds = 0, reply: FastifyReply): Waiting {
    const controller = new AbortController();
    const { signal } = controller;
    if (milliseconds === 0) return { milliseconds, signal };
    const { stopping } = node.state;
    const end = (): void => controller.abort();
    if (stopping.aborted) end();
    stopping.addEventListener('abort', end, { once: true });
    reply.raw.once('close', () => {
      stopping.removeEventListener('abort', end);
      end();
    });
    return { milliseconds, signal };
  }
}
