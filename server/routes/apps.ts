import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { DEPLOY, READ } from '../access/scopes.ts';
import { requireAppName, requireHash } from '../apps/names.ts';
import { deployRequestOf } from '../apps/request.ts';
import { ServerError } from '../errors.ts';
import { readBody } from '../map/body.ts';
import { readObject } from '../map/object.ts';
import type { Node } from '../node.ts';
import { isOfRun } from '../../shard/app/deployment.ts';
import { whole } from './whole.ts';

interface Named {
  readonly Params: { readonly app: string };
}

/** Lines of a log in one answer at most. */
const MAX_LINES = 1_000;
/** Versions there may be. */
const MAX_VERSION = 999_999_999;

/** `/v1/apps` and `/v1/bundles`: which code runs, and how that is changed. */
export function appRoutes(app: FastifyInstance, { deployments, limits, state }: Node): void {
  app.put<{ Params: { hash: string } }>('/v1/bundles/:hash', DEPLOY, async ({ params, raw }, reply) => {
    state.requireStaying();
    const hash = requireHash('the path', params.hash);
    await deployments.bundles.put(hash, await bundleOf(raw, limits.bundleBytes));
    return reply.code(204).send();
  });

  app.get<{ Querystring: { runs?: string } }>('/v1/apps', READ, async ({ query }) => ({
    apps: await deployments.list({ runs: query.runs === 'true' }),
  }));

  app.post('/v1/apps', DEPLOY, async ({ raw, caller }, reply) => {
    state.requireStaying();
    const request = deployRequestOf(await readObject(raw, limits.jsonBytes));
    const deployed = await deployments.deploy(request, caller.name);
    return reply.code(deployed.created ? 201 : 200).send(deployed);
  });

  app.get<Named>('/v1/apps/:app', READ, async ({ params }) => deployments.history(nameOf(params)));

  app.get<Named & { Querystring: { version?: string } }>(
    '/v1/apps/:app/declarations',
    READ,
    async ({ params, query }, reply) => {
      const { version } = query;
      const number = version === undefined ? undefined : versionOf(version);
      const found = await deployments.declarations(nameOf(params), number);
      return found ? reply.type('application/json').send(Buffer.from(found)) : reply.code(204).send();
    },
  );

  app.get<Named & { Querystring: { after?: string; limit?: string } }>(
    '/v1/apps/:app/logs',
    READ,
    ({ params, query }) => {
      const limit = whole('limit', query.limit ?? String(MAX_LINES), { from: 1, to: MAX_LINES });
      return deployments.log(nameOf(params), { after: whole('after', query.after ?? '0'), limit });
    },
  );

  app.post<Named & { Querystring: { version?: string } }>(
    '/v1/apps/:app/rollback',
    DEPLOY,
    async ({ params, query, caller }) => {
      const version = query.version === undefined ? undefined : versionOf(query.version);
      return deployments.rollback(nameOf(params), version, caller.name);
    },
  );

  app.post<Named>('/v1/apps/:app/stop', DEPLOY, async ({ params, caller }, reply) => {
    await deployments.stop(nameOf(params), caller.name);
    return reply.code(204).send();
  });

  app.put<Named>('/v1/apps/:app/run', DEPLOY, async ({ params }, reply) => {
    await deployments.runs.renew(runNameOf(params));
    return reply.code(204).send();
  });

  app.delete<Named>('/v1/apps/:app/run', DEPLOY, async ({ params }, reply) => {
    await deployments.runs.end(runNameOf(params));
    return reply.code(204).send();
  });
}

/** Throws `BODY_TOO_LARGE`. */
async function bundleOf(request: IncomingMessage, limit: number): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of readBody(request, limit, () => {})) chunks.push(chunk);
  } catch (error) {
    if (!(error instanceof ServerError) || error.code !== 'BODY_TOO_LARGE') throw error;
    throw new ServerError(
      error.code,
      `Expected a bundle of at most ${limit} bytes; leave out packages with --external, or start the node with another --limit bundleBytes`,
      { cause: error },
    );
  }
  return Buffer.concat(chunks);
}

function nameOf({ app }: Named['Params']): string {
  return requireAppName(app, { run: true });
}

function runNameOf(params: Named['Params']): string {
  const name = nameOf(params);
  if (isOfRun(name)) return name;
  throw new ServerError('OPTION_INVALID', `Expected the app of a run, such as app~run, got ${name}`);
}

function versionOf(text: string): number {
  return whole('version', text, { from: 1, to: MAX_VERSION });
}
