import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { ServerError } from '../errors.ts';
import { NODE } from '../access/scopes.ts';
import { readBytes } from '../map/bytes.ts';
import type { Node } from '../node.ts';
import type { Objects } from '../objects/contract.ts';
import { MAX_KEY } from '../objects/key.ts';
import { MAX_LISTED, PART_BYTES } from '../objects/remote.ts';
import { queryOf } from './query.ts';

interface ObjectRoute {
  readonly Params: { readonly '*': string };
  readonly Querystring: Readonly<Record<string, unknown>>;
}

/** `/v1/objects`: the raw objects of this node, for nodes that keep theirs here. */
export function objectRoutes(app: FastifyInstance, node: Node): void {
  const open = async (): Promise<Objects> => (await node.storage.open()).objects;

  app.get<ObjectRoute>('/v1/objects', NODE, async ({ query: given }) => {
    const query = queryOf(given, ['prefix', 'after']);
    const [prefix, after] = [query.text('prefix', MAX_KEY) ?? '', query.text('after', MAX_KEY) ?? ''];
    const found = [];
    for await (const stat of (await open()).list(prefix, after)) if (found.push(stat) === MAX_LISTED) break;
    return { objects: found };
  });

  app.get<ObjectRoute>('/v1/objects/*', NODE, async ({ params: { '*': key }, query: given }, reply) => {
    const query = queryOf(given, ['start', 'end', 'stat']);
    const objects = await open();
    if (query.text('stat') !== undefined) return { object: (await objects.stat(key)) ?? null };
    const end = query.whole('end');
    const range = { start: query.whole('start') ?? 0, ...(end !== undefined && { end }) };
    const bytes = await objects.read(key, range);
    if (!bytes) throw new ServerError('OBJECT_NOT_FOUND', `There is no object ${key}`);
    return reply.type('application/octet-stream').send(Readable.from(bytes, { objectMode: false }));
  });

  app.put<ObjectRoute>('/v1/objects/*', NODE, async ({ params: { '*': key }, query: given, raw }, reply) => {
    const query = queryOf(given, ['create']);
    const objects = await open();
    if (query.text('create') === undefined) {
      await objects.write(key, raw as AsyncIterable<Uint8Array<ArrayBuffer>>);
      return reply.code(204).send();
    }
    using permit = node.admission.admit();
    const bytes = await readBytes(raw, PART_BYTES, (length) => permit.takeBytes(length));
    return { created: await objects.create(key, bytes) };
  });

  app.delete<ObjectRoute>('/v1/objects/*', NODE, async ({ params: { '*': key } }, reply) => {
    await (await open()).remove(key);
    return reply.code(204).send();
  });
}
