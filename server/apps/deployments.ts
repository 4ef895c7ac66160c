import { join } from 'node:path';
import type { Logger } from 'pino';
import type { RoutedFunction } from '../../core/functions/routed.ts';
import { qualified } from '../../shard/app/definition.ts';
import {
  type AppHistory,
  type AppLog,
  type AppSummary,
  type AppVersion,
  type Deployed,
  type DeployRequest,
  isOfRun,
} from '../../shard/app/deployment.ts';
import type { Versioned } from '../../shard/app/versioned.ts';
import type { Clock } from '../clock.ts';
import { ServerError } from '../errors.ts';
import type { Deployed as DeployedFunctions, Held, Revoked } from '../functions.ts';
import { AppHost } from '../host/app-host.ts';
import type { VolumeSource } from '../host/volumes.ts';
import type { Shelf } from '../host/gpu/shelf.ts';
import type { Objects } from '../objects/contract.ts';
import type { Scheduled } from '../schedules/schedules.ts';
import type { ChunkStore, Runnable } from '../store/contract.ts';
import { Book } from './book.ts';
import { Bundles } from './bundles.ts';
import { type AppState, previousVersion } from './changes.ts';
import { deploy } from './deploy.ts';
import { LiveVersions, stopped } from './live-versions.ts';
import { LogBook } from './log-book.ts';
import { partsOf } from './names.ts';
import { requirePackages } from './packages.ts';
import { Runnables } from './runnables.ts';
import { Runs } from './runs.ts';

/** Milliseconds after which another look is due, where someone asks. */
const FRESH_MS = 1_000;
/** Milliseconds between looks while nobody asks. */
const IDLE_MS = 5_000;
/** Milliseconds for which somebody has asked of late. */
const USED_MS = 60_000;

/** What a node's storage has, as far as deployed apps want it. */
export interface AppStorage {
  readonly opened: { readonly objects: Objects } | undefined;
  /** Undefined where nothing was ever kept in it. */
  openIfThere(): Promise<{ readonly objects: Objects } | undefined>;
  open(): Promise<{ readonly objects: Objects; readonly store: Pick<ChunkStore, 'list' | 'backlog'> }>;
  /** Resolves when it is first open; rejects if it never will be. */
  readonly first: Promise<unknown>;
}

export interface DeploymentsOptions {
  readonly storage: AppStorage;
  /** Where bundles are kept as files. Default: a directory of its own, which is removed again. */
  readonly directory: string | undefined;
  /** From where the packages resolve that bundles do not have in them. */
  readonly packages: string;
  /** Whether the node was given an app of that name at its start. */
  readonly serves: (app: string) => boolean;
  readonly shelf: () => Promise<Shelf>;
  /** Default: handlers have none. */
  readonly volumes?: VolumeSource | undefined;
  /** Told which functions are to be run by themselves, whenever it may have changed. */
  readonly onScheduled?: (scheduled: readonly Scheduled[]) => void;
  readonly clock: Clock;
  /** Milliseconds since 1970. Default: the system's. */
  readonly time?: () => number;
  readonly log: Logger;
}

/** The apps that were deployed to the nodes of this storage, as this node knows and runs them. */
export class Deployments implements DeployedFunctions, AsyncDisposable {
  readonly bundles: Bundles;
  readonly runs: Runs;
  readonly #options: DeploymentsOptions;
  readonly #book: Book;
  readonly #live: LiveVersions;
  readonly #logs: LogBook;
  readonly #runnables = new Runnables();
  #usedAt = -Infinity;
  #lookedAt = -Infinity;
  #looking: Promise<void> | undefined;
  #failing = false;
  #timer: Disposable | undefined;
  #closed = false;

  constructor(options: DeploymentsOptions) {
    this.#options = options;
    const { storage, directory, clock, time = Date.now } = options;
    const objects = async (): Promise<Objects> => (await storage.open()).objects;
    this.bundles = new Bundles(objects, directory === undefined ? undefined : join(directory, 'bundles'));
    this.#book = new Book({ objects, now: () => clock.now(), time });
    this.#logs = new LogBook(time);
    this.runs = new Runs({ storage, time });
    this.#live = new LiveVersions({
      clock,
      open: (app, version) => this.#open(app, version),
      onFailure: (app, { version }, error) =>
        options.log.error({ err: error, app, version }, 'a deployed app could not be loaded'),
    });
    // Before, nothing can have been deployed.
    storage.first.then(
      () => this.#look(),
      () => {},
    );
  }

  get names(): string[] {
    const apps = [...this.#book.apps.values()].filter(({ name }) => !isOfRun(name));
    return apps.flatMap(({ name, current }) => (current ? namesOf(name, current) : []));
  }

  get all(): RoutedFunction[] {
    return this.#live.functions;
  }

  get runnables(): readonly Runnable[] {
    return this.#runnables.list(this.#book.apps, () =>
      this.#live.functions.map(({ name, version }) => ({ function: name, version: version! })),
    );
  }

  async bind(wanted: Versioned): Promise<Runnable | undefined> {
    const found = await this.#find(wanted);
    if (!found) return undefined;
    if (this.runs.isOver(found.app.name)) throw stopped(found.app.name);
    return { function: wanted.name, version: found.version.version };
  }

  async hold(wanted: Versioned, revoked: Revoked): Promise<Held | undefined> {
    const found = await this.#find(wanted);
    if (!found) return undefined;
    const { app, version } = found;
    const held = await this.#live.hold(app.name, version, revoked);
    return {
      function: held.host.functions.find(({ name }) => name === wanted.name)!,
      version: version.version,
      [Symbol.dispose]: () => held[Symbol.dispose](),
    };
  }

  /** By name; those of runs too, if `runs`. */
  async list({ runs = false }: { readonly runs?: boolean } = {}): Promise<AppSummary[]> {
    await this.#book.refresh({ whole: true });
    const apps = [...this.#book.apps.values()].filter(({ name }) => runs || !isOfRun(name));
    const byName = apps.toSorted(({ name: one }, { name: other }) => (one < other ? -1 : 1));
    return byName.map(({ name, current, changes }) => ({
      name,
      ...(current && { current }),
      changed: changes.at(-1)!.time,
    }));
  }

  /** Throws `APP_UNKNOWN`. */
  async history(name: string): Promise<AppHistory> {
    const { current, changes } = await this.#app(name);
    return { name, ...(current && { current: current.version }), changes };
  }

  /** What it has logged on this node. */
  log(name: string, page: { readonly after: number; readonly limit: number }): AppLog {
    return this.#logs.lines(name, page);
  }

  /** The declarations of a version, if it has some. Throws `APP_UNKNOWN`. */
  async declarations(name: string, number: number | undefined): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { current, versions } = await this.#app(name);
    const version = number === undefined ? (current ?? [...versions.values()].at(-1)) : versions.get(number);
    if (!version) throw unknownVersion(name, number);
    return version.declarations === undefined ? undefined : this.bundles.read(version.declarations);
  }

  /** Loads a bundle and makes it the current version of its app. Where anything is wrong with it, nothing is changed. */
  async deploy(request: DeployRequest, by: string): Promise<Deployed> {
    const { log, serves, packages, shelf, clock, volumes } = this.#options;
    const deployed = await deploy(request, by, {
      book: this.#book,
      bundles: this.bundles,
      runs: this.runs,
      live: this.#live,
      logs: this.#logs,
      host: { log, shelf, clock, volumes },
      packages,
      serves,
    });
    const { app, version, created } = deployed;
    if (created) log.info({ app, version: version.version, bundle: version.bundle, by }, 'an app was deployed');
    this.#follow();
    return deployed;
  }

  /** Makes another version current: by default the one that was before. Throws `APP_UNKNOWN`. */
  async rollback(name: string, number: number | undefined, by: string): Promise<AppHistory> {
    await this.#app(name);
    const state = await this.#book.change(name, by, (app) => {
      const version = number ?? previousVersion(app);
      if (version === undefined || !app.versions.has(version)) throw unknownVersion(name, version);
      return app.current?.version === version ? undefined : { type: 'rollback', version };
    });
    this.#options.log.info({ app: name, version: state.current?.version, by }, 'an app was rolled back');
    this.#follow();
    return this.history(name);
  }

  /** Ends all workers of an app; what is not run yet waits until there is a current version again. Throws `APP_UNKNOWN`. */
  async stop(name: string, by: string): Promise<void> {
    await this.#app(name);
    await this.#book.change(name, by, ({ current }) => (current ? { type: 'stop' } : undefined));
    this.#options.log.info({ app: name, by }, 'an app was stopped');
    this.#follow();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
    await this.#looking;
    await this.#live[Symbol.asyncDispose]();
    await this.bundles[Symbol.asyncDispose]();
  }

  async #app(name: string): Promise<AppState> {
    await this.#book.refresh({ whole: true });
    this.#follow();
    const app = this.#book.get(name);
    if (app) return app;
    throw new ServerError(
      'APP_UNKNOWN',
      `No app was deployed as ${JSON.stringify(name.slice(0, 140))}; \`warpmap app list\` tells which are`,
    );
  }

  /** Throws `APP_STOPPED`, or `APP_CORRUPT`. */
  async #find({ name, version }: Versioned): Promise<{ app: AppState; version: AppVersion } | undefined> {
    const parts = partsOf(name);
    const { clock, storage } = this.#options;
    // Nobody makes a store by asking for a function.
    if (!parts || !(storage.opened ?? (await storage.openIfThere()))) return undefined;
    this.#usedAt = clock.now();
    if (clock.now() - this.#lookedAt > FRESH_MS) await this.#look();
    const known = this.#known(parts.app, parts.function, version);
    if (known) return known;
    // One that is under way may have looked before it was deployed. Those who ask at once share the next.
    await this.#looking;
    await this.#look();
    return this.#known(parts.app, parts.function, version);
  }

  #known(
    name: string,
    function_: string,
    number: number | undefined,
  ): { app: AppState; version: AppVersion } | undefined {
    const app = this.#book.get(name);
    if (!app) return undefined;
    if (!app.current) throw stopped(name);
    const version = number === undefined ? app.current : app.versions.get(number);
    return version?.functions.some((each) => each.name === function_) ? { app, version } : undefined;
  }

  async #open(app: string, version: AppVersion): Promise<AppHost> {
    const { log, packages, shelf, clock, volumes } = this.#options;
    requirePackages(version.packages, packages);
    const path = await this.bundles.file(version.bundle);
    return AppHost.open(
      { path, packages, nameOf: () => app },
      { log, shelf, clock, volumes, onLog: (entry) => this.#logs.add(app, version.version, entry) },
    );
  }

  #follow(): void {
    this.#live.follow(this.#book.apps, (app) => this.runs.isOver(app));
    this.#options.onScheduled?.(scheduledIn(this.#book.apps));
  }

  /** Looks whether something has changed, once at a time, and when to look next. Never rejects. */
  #look(): Promise<void> {
    return (this.#looking ??= this.#lookOnce().finally(() => (this.#looking = undefined)));
  }

  async #lookOnce(): Promise<void> {
    if (this.#closed) return;
    this.#timer?.[Symbol.dispose]();
    const { clock, log } = this.#options;
    try {
      await this.#book.refresh();
      this.#follow();
      const { store } = await this.#options.storage.open();
      await this.#runnables.look(this.#book.apps, store, clock.now());
      for (const name of await this.runs.look([...this.#book.apps.keys()].filter(isOfRun))) {
        await this.#book.remove(name);
        this.#logs.forget(name);
      }
      this.#follow();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) log.warn({ err: error }, 'whether apps were deployed is not known at the moment');
      this.#failing = true;
    }
    this.#lookedAt = clock.now();
    if (this.#closed) return;
    const wait = clock.now() - this.#usedAt < USED_MS ? FRESH_MS : IDLE_MS;
    this.#timer = clock.after(wait, () => void this.#look());
  }
}

/** Of current versions; apps of runs have no schedules. */
function scheduledIn(apps: ReadonlyMap<string, AppState>): Scheduled[] {
  const deployed = [...apps.values()].filter(({ name }) => !isOfRun(name));
  return deployed.flatMap(({ name: app, current }) =>
    (current?.functions ?? []).flatMap(({ name, schedule }) =>
      schedule ? [{ function: qualified(app, name), version: current!.version, schedule }] : [],
    ),
  );
}

function namesOf(app: string, { functions }: AppVersion): string[] {
  return functions.map(({ name }) => qualified(app, name));
}

function unknownVersion(name: string, number: number | undefined): ServerError {
  const what = number === undefined ? 'no version before this one' : `no version ${number}`;
  return new ServerError('APP_UNKNOWN', `The app ${name} has ${what}; see its history`);
}
