import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CALL } from '../access/scopes.ts';
import { ServerError } from '../errors.ts';
import { deliver, type Exchange } from '../map/deliver.ts';
import { serveBatch } from '../map/serve.ts';
import type { Form } from '../map/form.ts';
import { frames } from '../map/frames.ts';
import { lines } from '../map/lines.ts';
import type { Node } from '../node.ts';
import type { BatchIdentity } from '../replay/replays.ts';
import { whole } from './whole.ts';

const FORMS = [frames, lines];
const BATCH = '/v1/calls/:call/batches/:batch/:attempt';

interface BatchRoute {
  readonly Params: { readonly call: string; readonly batch: string; readonly attempt: string };
  readonly Querystring: { readonly from?: string };
}

/** `POST /v1/map`: one batch, its outputs streamed back; and what became of it, by its identity. */
export function mapRoutes(app: FastifyInstance, node: Node): void {
  app.post('/v1/map', CALL, async (request, reply) => {
    await serveBatch(node, formOf(request), exchangeOf(request, reply));
    return reply;
  });

  app.get<BatchRoute>(BATCH, CALL, async (request, reply) => {
    const from = whole('from', request.query.from ?? '0');
    const recording = node.replays.resume(identityOf(request.params), from);
    const form = FORMS.map((make) => make()).find(({ requestType }) => requestType === recording.mediaType)!;
    if (from > 0 && form.beat() === undefined) {
      throw new ServerError('OPTION_INVALID', 'Expected from to be 0 for a batch that was sent as JSON');
    }
    using _ = node.admission.readmit();
    await deliver(node, form, recording, from, exchangeOf(request, reply));
    return reply;
  });

  app.delete<BatchRoute>(BATCH, CALL, async ({ params }, reply) => {
    node.replays.stop(identityOf(params));
    return reply.code(204).send();
  });
}

function exchangeOf(request: Pick<FastifyRequest, 'raw'>, reply: FastifyReply): Exchange {
  return {
    request: request.raw,
    response: reply.raw,
    onBegin() {
      reply.hijack();
    },
  };
}

function identityOf({ call, batch, attempt }: BatchRoute['Params']): BatchIdentity {
  return { call, batch: whole('batch', batch), attempt: whole('attempt', attempt) };
}

/** The form that the body of a request is in. Throws `MEDIA_TYPE_UNSUPPORTED`. */
export function formOf(request: FastifyRequest): Form {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  for (const make of FORMS) {
    const form = make();
    if (form.requestType === type) return form;
  }
  const known = FORMS.map((make) => make().requestType).join(' or ');
  throw new ServerError(
    'MEDIA_TYPE_UNSUPPORTED',
    `Expected the content type ${known}, got ${type === undefined ? 'none' : JSON.stringify(type)}`,
  );
}
