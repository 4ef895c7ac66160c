import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isLoadingApp } from '../shard/app/loading.ts';
import { requireBoolean, requireKnown, requireNumber } from '../shard/options.ts';
import { addressesOf } from './addresses.ts';
import type { Connection } from './connection.ts';
import { SdkError } from './errors.ts';
import { lookUp, NameWatch, type Resolve, systemResolve } from './name-watch.ts';

export interface ConnectOptions {
  /**
   * Addresses of shard servers, such as `http://10.0.0.1:7411` or `10.0.0.1:7411`, all of which must be up; and names,
   * such as `dns:warpmap.internal:7411`, each address of which is a node: looked up every five seconds, so that nodes
   * join and leave. Default: those in `WARPMAP_NODES`, with commas between; if there are none, a server is started on
   * this machine and stopped with the connection.
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
  /**
   * Show the log of a local server on standard error, which has what handlers write to theirs and to the console.
   * Default: `false`.
   */
  readonly log?: boolean;
  /** Batches in flight to each node at once, over all maps. A whole number of 1 or more; default 4. */
  readonly concurrency?: number;
  /** Milliseconds without a byte after which a node counts as lost. A number of 1000 or more; default 20000. */
  readonly silence?: number;
  /** The IP addresses of a name. Default: what the system's resolver tells. */
  readonly resolve?: Resolve;
  /**
   * Names under which apps are deployed, where these are not the names that their modules give them:
   * `{ 'my-app': 'staging' }`. Functions are called by them. Default: none.
   */
  readonly apps?: Readonly<Record<string, string>>;
  /** Told of the id of each call that `spawn` or `spawnMap` begins, before its inputs are uploaded. */
  readonly onCall?: (id: string) => void;
  /** Milliseconds that a server may take to load its model. A number above 0; default 300000. */
  readonly startTimeout?: number;
}

const NAMES: ReadonlySet<string> = new Set<keyof ConnectOptions>([
  'nodes',
  'token',
  'model',
  'device',
  'app',
  'log',
  'concurrency',
  'silence',
  'resolve',
  'apps',
  'onCall',
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
  const log = requireBoolean('log', options.log ?? false);
  const startTimeout = requireNumber('startTimeout', options.startTimeout ?? 300_000, { above: 0 });
  const { urls, names } = addressesOf(options.nodes, process.env);
  const { model, device, resolve: resolveName = systemResolve } = options;
  const local = urls.length === 0 && names.length === 0;
  if (!local && (model !== undefined || device !== undefined)) {
    throw new SdkError(
      'OPTION_INVALID',
      'Expected no model or device beside nodes: servers that run already have theirs',
    );
  }
  if (local && isLoadingApp()) {
    // Its workers would load the module, which would start a server, whose workers would …
    throw new SdkError(
      'SERVER_START_FAILED',
      "A worker that loads this module was to start a server: put what is the program's alone inside `if (import.meta.main) { … }`",
    );
  }
  const token = options.token ?? (process.env['WARPMAP_TOKEN'] || undefined);
  const { Connected, HttpNode, Joining, LocalServer } = await load();
  const found = await lookUp(names, resolveName);
  await using owned = new AsyncDisposableStack();
  const server = local
    ? owned.use(await LocalServer.start({ model, device, app: pathOf(options.app), log, token, startTimeout }))
    : undefined;
  const settings = { token: server?.token ?? token, concurrency, silence };
  const joining = new Joining((url) => new HttpNode(url, settings), startTimeout);
  const nodes = await joining.begin(
    server ? [server.url] : urls,
    found.filter((url) => !urls.includes(url)),
  );
  const rest = owned.move();
  const connection = new Connected(nodes, joining.model, {
    joining,
    owned: rest,
    apps: options.apps,
    onCall: options.onCall,
  });
  if (names.length > 0) {
    const join = async (url: string): Promise<void> => connection.addNode(url);
    const leave = async (url: string): Promise<void> => (urls.includes(url) ? undefined : connection.removeNode(url));
    rest.use(new NameWatch(found, { names, resolve: resolveName, join, leave }));
  }
  return connection;
}

/** What a connection is made of: loaded with the first, since the workers of an app load this package and make none. */
async function load() {
  const [{ Connection: Connected }, { HttpNode }, { Joining }, { LocalServer }] = await Promise.all([
    import('./connection.ts'),
    import('./transport/http-node.ts'),
    import('./joining.ts'),
    import('./local-server.ts'),
  ]);
  return { Connected, HttpNode, Joining, LocalServer };
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
