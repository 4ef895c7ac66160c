import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServerError } from '../errors.ts';
import { serveBatch } from '../map/serve.ts';
import type { Form } from '../map/form.ts';
import { frames } from '../map/frames.ts';
import { lines } from '../map/lines.ts';
import type { Node } from '../node.ts';

const FORMS = [frames, lines];

/** `POST /v1/map`: one batch, its outputs streamed back. */
export function mapRoute(app: FastifyInstance, node: Node): void {
  app.post('/v1/map', async (request, reply) => {
    const form = formOf(request);
    await serveBatch(node, form, {
      request: request.raw,
      response: reply.raw,
      onBegin() {
        reply.hijack();
      },
    });
    return reply;
  });
}

function formOf(request: FastifyRequest): Form {
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
