import type { FastifyInstance } from 'fastify';
import type { HostedWorkers } from '../../core/functions/workers.ts';
import type { Scaling } from '../../shard/app/scaling.ts';
import type { FunctionStats } from '../../shard/app/stats.ts';
import { ServerError } from '../errors.ts';
import { readObject } from '../map/object.ts';
import { CALL, READ } from '../access/scopes.ts';
import type { NodeFunction } from '../functions.ts';
import type { Node } from '../node.ts';

interface Named {
  readonly Params: { readonly name: string };
}

/** `GET /v1/functions`, what their workers do, and `PATCH …/autoscaler`, how many there are. */
export function functionRoutes(app: FastifyInstance, node: Node): void {
  app.get('/v1/functions', READ, () => ({ functions: node.functions.all.map(describe) }));

  app.get<Named>('/v1/functions/:name', READ, async ({ params }) => {
    using held = await node.functions.hold(params.name, () => {});
    return describe(held.function);
  });

  app.patch<Named>('/v1/functions/:name/autoscaler', CALL, async ({ params, raw }) => {
    using held = await node.functions.hold(params.name, () => {});
    const workers = workersOf(held.function);
    workers.scale(await readObject(raw));
    node.log.info({ function: params.name, ...workers.scaling }, 'the autoscaler was changed');
    return workers.scaling;
  });
}

function workersOf({ name, workers }: NodeFunction): HostedWorkers {
  if (workers) return workers;
  throw new ServerError('OPTION_INVALID', `${name} is built in and has no workers; only functions of an app have`);
}

function describe({ name, workers, ...its }: NodeFunction): {
  readonly name: string;
  readonly version?: number;
  readonly stats?: FunctionStats;
  readonly autoscaler?: Scaling;
} {
  const version = 'version' in its ? its.version : undefined;
  return {
    name,
    ...(version !== undefined && { version }),
    ...(workers && { stats: workers.stats, autoscaler: workers.scaling }),
  };
}
