import type {
  AppHistory,
  AppLog,
  AppLogLine,
  AppSummary,
  Deployed,
  DeployRequest,
} from '../../shard/app/deployment.ts';
import { requireBoolean, requireKnown, requireNumber } from '../../shard/options.ts';
import { addressesOf } from '../addresses.ts';
import { NodeError, SdkError } from '../errors.ts';
import { lookUp, type Resolve, systemResolve } from '../name-watch.ts';
import { AppsClient } from './apps-client.ts';
import { bundle } from './bundle.ts';
import type { DeployOptions, DeployOutcome } from './options.ts';
import { type Declarations, packDeclarations, parseDeclarations } from './declarations.ts';
import { emitDeclarations } from './emit.ts';

/** Where the nodes are. */
export interface AppsOptions {
  /** As those of `connect`. Default: `WARPMAP_NODES`. */
  readonly nodes?: readonly string[];
  /** With the scope `deploy` to change something, else `read`. Default: `WARPMAP_TOKEN`. */
  readonly token?: string;
  /** The IP addresses of a name. Default: what the system's resolver tells. */
  readonly resolve?: Resolve;
}

const APPS_NAMES: readonly (keyof AppsOptions)[] = ['nodes', 'token', 'resolve'];
const DEPLOY_NAMES: readonly (keyof DeployOptions)[] = ['name', 'tag', 'strategy', 'external', 'force', 'run'];

/** A line of the log of an app, and the node that it is from. */
export type NodeLogLine = AppLogLine & { readonly node: string };

/** The apps that are deployed to some nodes, which have one storage. */
export class Apps implements AsyncDisposable {
  readonly #client: AppsClient;

  private constructor(client: AppsClient) {
    this.#client = client;
  }

  /** Asks no node yet. Throws `OPTION_INVALID`, also where no nodes are named, and `NODE_UNREACHABLE` for a name that has none. */
  static async open(options: AppsOptions = {}): Promise<Apps> {
    requireKnown(options, new Set(APPS_NAMES), 'apps');
    const { urls, names } = addressesOf(options.nodes, process.env);
    const found = await lookUp(names, options.resolve ?? systemResolve);
    const all = [...new Set([...urls, ...found])];
    if (all.length === 0) {
      throw new SdkError('OPTION_INVALID', 'Expected the address of a node: name one, or set WARPMAP_NODES');
    }
    return new Apps(new AppsClient(all, options.token ?? (process.env['WARPMAP_TOKEN'] || undefined)));
  }

  /**
   * Bundles the module, and makes it the current version of its app. Throws `BUNDLE_FAILED` where there is no bundle, and a
   * `NodeError` for one that a node does not take: the version before stays. Throws `STORES_DIFFER` where it was deployed,
   * but some of the nodes keep their apps elsewhere.
   */
  async deploy(file: string, options: DeployOptions = {}): Promise<DeployOutcome> {
    requireKnown(options, new Set(DEPLOY_NAMES), 'deploy');
    const { name, tag, strategy, external, force, run } = options;
    if (force !== undefined) requireBoolean('force', force);
    const { code, hash, packages, root } = await bundle(file, { ...(external && { external }) });
    const declarations = await emitDeclarations(file, root);
    const packed = 'files' in declarations ? packDeclarations(declarations) : undefined;
    await this.#upload(hash, code);
    if (packed) await this.#upload(packed.hash, packed.bytes);
    const body: DeployRequest = {
      bundle: hash,
      packages,
      ...(name !== undefined && { name }),
      ...(tag !== undefined && { tag }),
      ...(strategy !== undefined && { strategy }),
      ...(force !== undefined && { force }),
      ...(packed && { declarations: packed.hash }),
      ...(run !== undefined && { run }),
    };
    const deployed = await this.#client.ask<Deployed>({ method: 'POST', path: '/v1/apps', body });
    await this.#tellAll(deployed.app, `${deployed.app} is at version ${deployed.version.version}`);
    return { ...deployed, ...('reason' in declarations && { undeclared: declarations.reason }) };
  }

  /** By name. With `runs` also those that were deployed for one run. */
  async list({ runs = false }: { readonly runs?: boolean } = {}): Promise<readonly AppSummary[]> {
    const path = `/v1/apps${runs ? '?runs=true' : ''}`;
    return (await this.#client.ask<{ apps: AppSummary[] }>({ method: 'GET', path })).apps;
  }

  /** Each change of it, oldest first. Throws a `NodeError` with `APP_UNKNOWN`. */
  async history(app: string): Promise<AppHistory> {
    return this.#client.ask({ method: 'GET', path: pathOf(app) });
  }

  /** Makes another version current: by default the one that was so before. Throws a `NodeError` with `APP_UNKNOWN`. */
  async rollback(app: string, { version }: { readonly version?: number } = {}): Promise<AppHistory> {
    const path = `${pathOf(app)}/rollback${versionQuery(version)}`;
    const history = await this.#client.ask<AppHistory>({ method: 'POST', path });
    await this.#tellAll(app, `${app} is at version ${history.current}`);
    return history;
  }

  /** Ends its workers everywhere, until another version is deployed or it is rolled back. */
  async stop(app: string): Promise<void> {
    await this.#client.ask({ method: 'POST', path: `${pathOf(app)}/stop` });
    await this.#tellAll(app, `${app} is stopped`);
  }

  /** What it has logged of late, on all nodes, oldest first. Throws where one of them does not answer. */
  async logs(app: string, { limit = 1_000 }: { readonly limit?: number } = {}): Promise<readonly NodeLogLine[]> {
    requireNumber('limit', limit, { from: 1, to: 1_000, whole: true });
    const path = `${pathOf(app)}/logs?limit=${limit}`;
    const logs = await Promise.all(
      this.#client.urls.map(async (node) => {
        const { lines } = await this.#client.askOne<AppLog>(node, { method: 'GET', path });
        return lines.map((line) => ({ ...line, node }));
      }),
    );
    return logs
      .flat()
      .toSorted((one, other) => one.time - other.time)
      .slice(-limit);
  }

  /** The declarations of a version, by default the current one; undefined if it was deployed without. */
  async declarations(app: string, { version }: { readonly version?: number } = {}): Promise<Declarations | undefined> {
    const path = `${pathOf(app)}/declarations${versionQuery(version)}`;
    const found = await this.#client.ask<unknown>({ method: 'GET', path });
    return found === undefined ? undefined : parseDeclarations(found);
  }

  /** Says that the run of an app is there for another minute. */
  async renewRun(app: string): Promise<void> {
    await this.#client.ask({ method: 'PUT', path: `${pathOf(app)}/run` });
  }

  /** Says that the run of an app has ended: once its calls are finished, it is over. */
  async endRun(app: string): Promise<void> {
    await this.#client.ask({ method: 'DELETE', path: `${pathOf(app)}/run` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  /** Has each node look at an app, which it else would do a little later. Throws `STORES_DIFFER`. */
  async #tellAll(app: string, what: string): Promise<void> {
    const { urls } = this.#client;
    const asked = await Promise.allSettled(
      urls.map(async (url) => this.#client.askOne(url, { method: 'GET', path: pathOf(app) })),
    );
    // One that is down, or tells this token nothing, has to find out by itself.
    const without = urls.filter((_, at) => {
      const answer = asked[at]!;
      return answer.status === 'rejected' && answer.reason instanceof NodeError && answer.reason.code === 'APP_UNKNOWN';
    });
    if (without.length === 0) return;
    throw new SdkError(
      'STORES_DIFFER',
      `${what}, but not for ${without.join(', ')}, which keeps its apps elsewhere; start the nodes with one --store, or ask one node of each`,
    );
  }

  async #upload(hash: string, bytes: Uint8Array): Promise<void> {
    await this.#client.ask({ method: 'PUT', path: `/v1/bundles/${hash}`, body: bytes });
  }
}

function pathOf(app: string): string {
  return `/v1/apps/${encodeURIComponent(app)}`;
}

function versionQuery(version: number | undefined): string {
  if (version === undefined) return '';
  return `?version=${requireNumber('version', version, { from: 1, whole: true })}`;
}
