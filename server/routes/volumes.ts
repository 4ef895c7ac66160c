import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { readBody } from '../../shard/volume/bodies.ts';
import { MAX_PAGE, PIECE_BYTES, type VolumeAt } from '../../shard/volume/contract.ts';
import { requirePath, requirePrefix } from '../../shard/volume/names.ts';
import { ShardError } from '../../shard/errors.ts';
import { CALL, READ } from '../access/scopes.ts';
import { readBytes } from '../map/bytes.ts';
import { readObject } from '../map/object.ts';
import type { Node } from '../node.ts';
import { changesOf, idOf, pieceNameOf } from '../volume/changes.ts';
import { queryOf } from './query.ts';
import { whole } from './whole.ts';

/** Bytes of one commit: about 150,000 files. */
const COMMIT_BYTES = 32 * 1024 * 1024;

interface VolumeRoute {
  readonly Params: { readonly name: string };
  readonly Querystring: Readonly<Record<string, unknown>>;
}

interface PieceRoute extends VolumeRoute {
  readonly Params: { readonly name: string; readonly day: string; readonly hash: string };
}

/** `/v1/volumes`: the volumes of a node, and the files, pieces and commits of each. */
export function volumeRoutes(app: FastifyInstance, node: Node): void {
  const { volumes } = node;

  app.get('/v1/volumes', READ, async () => ({ volumes: await (await volumes.open()).names() }));

  app.put<VolumeRoute>('/v1/volumes/:name', CALL, async ({ params: { name } }, reply) => {
    const opened = await volumes.open();
    const { made } = await opened.create(name);
    return reply.code(made ? 201 : 200).send(await opened.open(name, { create: false }));
  });

  app.get<VolumeRoute>('/v1/volumes/:name', READ, async ({ params: { name } }) =>
    (await volumes.open()).open(name, { create: false }),
  );

  app.delete<VolumeRoute>('/v1/volumes/:name', CALL, async ({ params: { name } }, reply) => {
    await (await volumes.open()).remove(name);
    return reply.code(204).send();
  });

  app.get<VolumeRoute>('/v1/volumes/:name/files', READ, async ({ params, query }) => {
    const { id, version, prefix = '', after, limit = String(MAX_PAGE) } = query;
    const page = {
      prefix: requirePrefix(prefix),
      limit: whole('limit', limit, { from: 1, to: MAX_PAGE }),
      ...(after !== undefined && { after: requirePrefix(after) }),
    };
    return { files: await (await volumes.open()).list(atOf(params.name, id, version), page) };
  });

  app.get<VolumeRoute>('/v1/volumes/:name/file', READ, async ({ params, query: { id, version, path } }) => {
    const file = await (await volumes.open()).stat(atOf(params.name, id, version), requirePath(path));
    return { file: file ?? null };
  });

  app.get<VolumeRoute>('/v1/volumes/:name/content', READ, async ({ params: { name }, query }, reply) => {
    const path = requirePath(query['path']);
    const given = queryOf({ ...query, path: undefined }, ['path', 'start', 'end']);
    const opened = await volumes.open();
    const at = await opened.open(name, { create: false });
    const file = await opened.stat(at, path);
    if (!file) throw new ShardError('FILE_NOT_FOUND', `There is no file ${JSON.stringify(path)} in the volume ${name}`);
    const end = Math.min(given.whole('end') ?? Infinity, file.bytes);
    const start = Math.min(given.whole('start') ?? 0, end);
    const bytes = Readable.from(readBody(opened, at, file, { start, end }), { objectMode: false });
    return reply
      .type('application/octet-stream')
      .header('content-length', end - start)
      .send(bytes);
  });

  app.post<VolumeRoute>('/v1/volumes/:name/commits', CALL, async ({ params, raw }) => {
    const { id, base, commit, changes } = (await readObject(raw, COMMIT_BYTES)) as Readonly<Record<string, unknown>>;
    const at = atOf(params.name, id, String(base));
    return { version: await (await volumes.open()).commit(at, changesOf(changes), idOf(commit)) };
  });

  app.get<PieceRoute>('/v1/volumes/:name/pieces/:day/:hash', READ, async ({ params, query }, reply) => {
    const { id, start = '0', end = String(PIECE_BYTES) } = query;
    const piece = pieceNameOf(whole('day', params.day), params.hash);
    const range = { start: whole('start', start), end: whole('end', end, { to: PIECE_BYTES }) };
    const bytes = await (await volumes.open()).readPiece(atOf(params.name, id, '0'), piece, range);
    return reply.type('application/octet-stream').send(Readable.from(bytes, { objectMode: false }));
  });

  app.put<PieceRoute>('/v1/volumes/:name/pieces/:day/:hash', CALL, async ({ params, query, raw }, reply) => {
    using permit = node.admission.admit();
    const piece = pieceNameOf(whole('day', params.day), params.hash);
    const bytes = await readBytes(raw, PIECE_BYTES, (length) => permit.takeBytes(length));
    await (await volumes.open()).writePiece(atOf(params.name, query['id'], '0'), piece, bytes);
    return reply.code(204).send();
  });
}

function atOf(name: string, id: unknown, version: unknown): VolumeAt {
  return { name, id: idOf(id), version: whole('version', version) };
}
