import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type FastifyInstance, fastify, type RouteOptions } from 'fastify';
import type { Caller, Gate } from './access/gate.ts';
import { ServerError } from './errors.ts';
import { discardRest } from './map/discard.ts';
import type { Node } from './node.ts';
import { appRoutes } from './routes/apps.ts';
import { callRoutes } from './routes/calls.ts';
import { functionRoutes } from './routes/functions.ts';
import { healthRoutes } from './routes/health.ts';
import { journalRoutes } from './routes/journals.ts';
import { mapRoutes } from './routes/map.ts';
import { nodeRoutes } from './routes/node.ts';
import { storeRoutes } from './routes/store.ts';
import { streamRoutes } from './routes/stream.ts';
import { volumeRoutes } from './routes/volumes.ts';
import { objectRoutes } from './routes/objects.ts';
import { type Answer, answerTo } from './status.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any route sees it. */
    caller: Caller;
  }
}

/** The routes behind their gate, and every error as its status and a typed body. `onRoute` hears of each route. */
export function createApp(node: Node, gate: Gate, onRoute?: (route: RouteOptions) => void): FastifyInstance {
  const { requestMs, headersMs } = node.limits;
  const app = fastify({
    logger: false,
    // While draining the node still answers, with its own words.
    return503OnClosing: false,
    forceCloseConnections: true,
    requestTimeout: requestMs,
    // Node checks both timeouts at this pace only.
    http: {
      headersTimeout: Math.min(headersMs, requestMs),
      connectionsCheckingInterval: Math.ceil(Math.min(headersMs, requestMs, 10_000) / 2),
    },
    routerOptions: { maxParamLength: 512 },
    frameworkErrors: (error, _request, reply) => {
      send(new ServerError('ROUTE_NOT_FOUND', error.message), reply as unknown as Reply);
    },
    clientErrorHandler: (error, socket) => refuseConnection(error, socket),
  });

  if (onRoute) app.addHook('onRoute', onRoute);
  // Bodies are read by the routes that want one, as they arrive.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));

  app.decorateRequest('caller');
  app.addHook('onRequest', async (request) => {
    const { url, config } = request.routeOptions;
    // Probes of an orchestrator carry no token. Who asks for a route that there is not is told so with any.
    if (config.need !== 'open') request.caller = gate.check(request.headers, url === undefined ? 'any' : config.need);
  });
  app.addHook('onResponse', async (request, reply) => {
    node.metrics.request(request.routeOptions.url ?? 'unknown', reply.statusCode);
  });
  app.setNotFoundHandler((request) => {
    throw new ServerError('ROUTE_NOT_FOUND', `There is no route ${request.method} ${request.url.split('?')[0]}`);
  });
  app.setErrorHandler((error, request, reply) => {
    discardRest(request.raw, node.clock);
    const { status } = send(asOurs(error), reply);
    if (status === 500) node.log.error({ err: error }, 'request failed');
  });

  healthRoutes(app, node);
  nodeRoutes(app, node);
  functionRoutes(app, node);
  appRoutes(app, node);
  journalRoutes(app, node);
  callRoutes(app, node);
  mapRoutes(app, node);
  storeRoutes(app, node);
  streamRoutes(app, node);
  volumeRoutes(app, node);
  objectRoutes(app, node);
  return app;
}

interface Reply {
  code(status: number): unknown;
  header(name: string, value: string | number): unknown;
  send(body: unknown): unknown;
}

function send(error: unknown, reply: Reply): Answer {
  const answer = answerTo(error);
  if (answer.retryAfter !== undefined) reply.header('retry-after', answer.retryAfter);
  if (answer.status === 401) reply.header('www-authenticate', 'Bearer');
  reply.code(answer.status);
  reply.send({ error: answer.error });
  return answer;
}

/** Fastify has errors of its own for what never reaches a route. */
function asOurs(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new ServerError('MEDIA_TYPE_UNSUPPORTED', 'The content type of the request is not one');
  }
  return error;
}

/** A connection that does not speak HTTP, or not fast enough. Nothing of the request can be trusted, so the socket is closed. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  // Once an answer has begun, another status line would only look like a part of it.
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const { status, error: body } = answerTo(connectionError(error.code));
  const text = JSON.stringify({ error: body });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`,
  );
  // Closing our half would leave the other to a client that may never close it, and its batch with it.
  socket.destroySoon();
}

function connectionError(code: string | undefined): ServerError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ServerError('REQUEST_TIMEOUT', 'The request did not arrive in time');
    case 'HPE_HEADER_OVERFLOW':
      return new ServerError('HEADERS_TOO_LARGE', 'The headers are longer than 16 KiB');
    default:
      return new ServerError('REQUEST_INVALID', 'The bytes are not an HTTP request, or end inside one');
  }
}
