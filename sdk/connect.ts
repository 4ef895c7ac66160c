import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { requireKnown, requireNumber } from '../shard/options.ts';
import { addressesOf } from './addresses.ts';
import { Connection } from './connection.ts';
import type { NodeInfo } from './contract.ts';
import { NodeError, SdkError } from './errors.ts';
import { LocalServer } from './local-server.ts';
import type { Node } from './node.ts';
import { HttpNode } from './transport/http-node.ts';

export interface ConnectOptions {
  /**
   * Addresses of shard servers, such as `http://10.0.0.1:7411` or `10.0.0.1:7411`. Default: those in `WARPMAP_NODES`,
   * with commas between; if there are none, a server is started on this machine and stopped with the connection.
   */
  readonly nodes?: readonly string[];
  /** Default: `WARPMAP_TOKEN`; a local server gets one of its own. */
  readonly token?: string;
  /** Model of a local server. Default: the server's own. */
  readonly model?: string;
  /** Device of a local server, such as `cuda` or `cpu`. Default: `auto`. */
  readonly device?: string;
  /**
   * The module that exports the `App` whose functions a local server shall have: a `file:` URL or a path. Servers that
   * run already were started with theirs, so beside `nodes` it says nothing. Default: none.
   */
  readonly app?: string | URL;
  /** Batches in flight to each node at once, over all maps. A whole number of 1 or more; default 4. */
  readonly concurrency?: number;
  /** Milliseconds without a byte after which a node counts as lost. A number of 1000 or more; default 20000. */
  readonly silence?: number;
  /** Milliseconds that a server may take to load its model. A number above 0; default 300000. */
  readonly startTimeout?: number;
}

const NAMES: ReadonlySet<string> = new Set<keyof ConnectOptions>([
  'nodes',
  'token',
  'model',
  'device',
  'app',
  'concurrency',
  'silence',
  'startTimeout',
]);

/**
 * Connects to shard servers, or starts one on this machine. Throws `NODE_UNREACHABLE`, `NODES_DIFFER`,
 * `SERVER_START_FAILED` or `OPTION_INVALID`, and a `NodeError` if a node refuses, as with a wrong token.
 */
export async function connect(options: ConnectOptions = {}): Promise<Connection> {
  requireKnown(options, NAMES, 'connect');
  const concurrency = requireNumber('concurrency', options.concurrency ?? 4, { from: 1, whole: true });
  const silence = requireNumber('silence', options.silence ?? 20_000, { from: 1000 });
  const startTimeout = requireNumber('startTimeout', options.startTimeout ?? 300_000, { above: 0 });
  const urls = addressesOf(options.nodes, process.env);
  const { model, device } = options;
  if (urls.length > 0 && (model !== undefined || device !== undefined)) {
    throw new SdkError(
      'OPTION_INVALID',
      'Expected no model or device beside nodes: servers that run already have theirs',
    );
  }
  const token = options.token ?? (process.env['WARPMAP_TOKEN'] || undefined);
  const server =
    urls.length > 0
      ? undefined
      : await LocalServer.start({ model, device, app: pathOf(options.app), token, startTimeout });
  const settings = { token: server?.token ?? token, concurrency, silence };
  const nodes = (server ? [server.url] : urls).map((url) => new HttpNode(url, settings));
  try {
    const infos = await Promise.all(nodes.map((node) => ready(node, startTimeout)));
    return new Connection(nodes, commonModel(nodes, infos), server);
  } catch (error) {
    await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
    await server?.[Symbol.asyncDispose]();
    throw error;
  }
}

/** The path of an app's module. Throws `OPTION_INVALID`. */
function pathOf(app: string | URL | undefined): string | undefined {
  if (app === undefined) return undefined;
  // One letter and a colon begin a path on Windows.
  const url = /^[\w+.-]{2,}:/.test(String(app)) ? URL.parse(String(app)) : undefined;
  if (typeof app === 'string' && url === undefined) return resolve(app);
  if (url?.protocol === 'file:') return fileURLToPath(url);
  throw new SdkError('OPTION_INVALID', `Expected app to be a path or a file: URL, got ${String(app)}`);
}

const READY_INTERVAL = 250;

/** What the node says of itself, once it has loaded its model. */
async function ready(node: Node, timeout: number): Promise<NodeInfo> {
  const deadline = performance.now() + timeout;
  for (;;) {
    try {
      return await node.info();
    } catch (error) {
      if (error instanceof NodeError) {
        if (error.code !== 'NODE_NOT_READY' || performance.now() >= deadline) throw error;
      } else throw unreachable(node.url, error);
    }
    await sleep(READY_INTERVAL);
  }
}

function unreachable(url: string, cause: unknown): SdkError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SdkError(
    'NODE_UNREACHABLE',
    `No shard server answers at ${url} (${reason}). ` +
      'See that `warpmap serve` runs there and that this machine can reach its port, or leave out nodes to start one here',
    { cause },
  );
}

/** Vectors of different models can't be compared, so one connection has one model. */
function commonModel(nodes: readonly Node[], infos: readonly NodeInfo[]): NodeInfo['model'] {
  const first = infos[0]!.model;
  for (const [index, { model }] of infos.entries()) {
    if (model.name === first.name && model.dims === first.dims) continue;
    throw new SdkError(
      'NODES_DIFFER',
      `Expected all nodes to have one model, but ${nodes[0]!.url} has ${first.name} and ` +
        `${nodes[index]!.url} has ${model.name}; connect to those with the same model`,
    );
  }
  return first;
}
