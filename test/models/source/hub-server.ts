import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it arrived. */
export interface Seen {
  readonly url: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

/** Answers a request in place of the server; `true` if it did. */
export type Intercept = (request: IncomingMessage, response: ServerResponse, content: Buffer | undefined) => boolean;

export const commit: string = 'c'.repeat(40);
const largeFrom = 1024;

/** A hub over real HTTP: one repository, large files by redirect to a second origin. */
export class HubServer implements AsyncDisposable {
  readonly seen: Seen[] = [];
  /** What the storage origin saw. */
  readonly stored: Seen[] = [];
  intercept: Intercept = () => false;
  interceptStorage: Intercept = () => false;
  readonly #files: ReadonlyMap<string, Buffer>;
  readonly #repository: string;
  readonly #hub: Server;
  readonly #storage: Server;

  private constructor(repository: string, files: ReadonlyMap<string, Buffer>) {
    this.#repository = repository;
    this.#files = files;
    this.#hub = createServer((request, response) => {
      this.#answerHub(request, response);
    });
    this.#storage = createServer((request, response) => {
      this.#answerStorage(request, response);
    });
  }

  static async start(repository: string, files: Readonly<Record<string, string | Buffer>>): Promise<HubServer> {
    const server = new HubServer(
      repository,
      new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)])),
    );
    for (const each of [server.#hub, server.#storage]) {
      each.listen(0, '127.0.0.1');
      await once(each, 'listening');
    }
    return server;
  }

  get endpoint(): string {
    return addressOf(this.#hub);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of [this.#hub, this.#storage]) {
      each.closeAllConnections();
      each.close();
      await once(each, 'close');
    }
  }

  #answerHub(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? '';
    this.seen.push(seen(request));
    const [, path] = /\/resolve\/[^/]+\/(.*)$/.exec(url) ?? [];
    const content = path === undefined ? undefined : this.#files.get(decodeURIComponent(path));
    if (this.intercept(request, response, content)) {
      return;
    }
    if (url.startsWith(`/api/models/${this.#repository}/revision/`)) {
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({ sha: commit, siblings: [...this.#files.keys()].map((rfilename) => ({ rfilename })) }),
      );
    } else if (content === undefined || !url.startsWith(`/${this.#repository}/resolve/${commit}/`)) {
      response.writeHead(404, { 'x-error-message': 'Entry not found' }).end();
    } else if (content.length >= largeFrom) {
      response
        .writeHead(302, {
          location: `${addressOf(this.#storage)}/${encodeURIComponent(path ?? '')}`,
          'x-linked-etag': `"${sha256(content)}"`,
          'x-linked-size': content.length,
          'x-repo-commit': commit,
        })
        .end('moved');
    } else {
      response.writeHead(200, { etag: `"${gitBlobId(content)}"`, 'content-length': content.length }).end(content);
    }
  }

  #answerStorage(request: IncomingMessage, response: ServerResponse): void {
    this.stored.push(seen(request));
    const content = this.#files.get(decodeURIComponent((request.url ?? '').slice(1)));
    if (this.interceptStorage(request, response, content)) {
      return;
    }
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    sendRange(request, response, content);
  }
}

/** As a storage host answers, with ranges and If-Range. */
export function sendRange(request: IncomingMessage, response: ServerResponse, content: Buffer): void {
  const etag = '"storage-etag"';
  const [, start] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  const ifRange = request.headers['if-range'];
  if (start === undefined || (ifRange !== undefined && ifRange !== etag)) {
    response.writeHead(200, { etag, 'content-length': content.length }).end(content);
    return;
  }
  const from = Number(start);
  if (from >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    return;
  }
  response
    .writeHead(206, {
      etag,
      'content-length': content.length - from,
      'content-range': `bytes ${from}-${content.length - 1}/${content.length}`,
    })
    .end(content.subarray(from));
}

/** A body that stopped halfway; `cut` breaks its connection. */
export interface Halfway {
  /** Bytes of the file that the client has by then. */
  readonly at: number;
  readonly cut: () => void;
}

/** Sends the head and half of what is asked for. */
export function sendHalf(request: IncomingMessage, response: ServerResponse, content: Buffer): Halfway {
  const [, start = '0'] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  const from = Number(start);
  const rest = content.subarray(from);
  const head = { etag: '"storage-etag"', 'content-length': rest.length };
  if (from > 0) {
    response.writeHead(206, { ...head, 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` });
  } else {
    response.writeHead(200, head);
  }
  const half = Math.ceil(rest.length / 2);
  response.write(rest.subarray(0, half));
  return { at: from + half, cut: () => response.destroy() };
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

export function gitBlobId(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

function seen(request: IncomingMessage): Seen {
  const { authorization, range, 'if-range': ifRange } = request.headers;
  return { url: request.url ?? '', authorization, range, ifRange: typeof ifRange === 'string' ? ifRange : undefined };
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
