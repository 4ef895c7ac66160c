import { CoreError } from '../../core/errors.ts';
import type { RoutedFunction } from '../../core/functions/routed.ts';
import type { AppVersion } from '../../shard/app/deployment.ts';
import { versioned } from '../../shard/app/versioned.ts';
import type { Clock } from '../clock.ts';
import { ServerError } from '../errors.ts';
import type { Revoked } from '../functions.ts';
import type { AppHost } from '../host/app-host.ts';
import { Backoff } from '../host/backoff.ts';
import type { AppState } from './changes.ts';
import { LiveVersion } from './live-version.ts';

export interface LiveVersionsOptions {
  readonly clock: Clock;
  /** Loads a version. Throws why it can't be. */
  readonly open: (app: string, version: AppVersion) => Promise<AppHost>;
  /** A version that should have workers could not be loaded. */
  readonly onFailure: (app: string, version: AppVersion, error: unknown) => void;
}

interface Entry {
  readonly app: string;
  readonly version: number;
  readonly live: LiveVersion;
}

/** The versions of deployed apps that are loaded on this node: those that are wanted, and no longer than that. */
export class LiveVersions implements AsyncDisposable {
  readonly #options: LiveVersionsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #backoffs = new Map<string, Backoff>();
  /** Versions that were current at the last look. */
  #current: ReadonlyMap<string, number> = new Map();
  /** Workers of an app that must be gone before others of it begin. */
  readonly #ending = new Map<string, Promise<unknown>>();
  readonly #closing = new Set<Promise<void>>();
  #closed = false;

  constructor(options: LiveVersionsOptions) {
    this.#options = options;
  }

  /** Functions of those that are loaded. */
  get functions(): RoutedFunction[] {
    return [...this.#entries.values()].flatMap(({ version, live }) =>
      live.functions.map((each) => ({ ...each, version })),
    );
  }

  /** Loads a version if it is not, and keeps it for whoever holds it. Throws `WORKER_UNAVAILABLE`, with why it can't be loaded. */
  async hold(app: string, version: AppVersion, revoked: Revoked): Promise<Disposable & { readonly host: AppHost }> {
    await this.#ending.get(app);
    if (this.#closed) throw unavailable(app, version, 'the node is closing');
    const name = nameOf(app, version.version);
    const { clock } = this.#options;
    const backoff = this.#backoffs.get(name) ?? new Backoff();
    if (backoff.wait(clock.now()) > 0) throw unavailable(app, version, backoff.reason);
    const entry = this.#entries.get(name) ?? this.#add(app, version.version, this.#options.open(app, version));
    const held = entry.live.hold(revoked);
    try {
      const host = await entry.live.host;
      this.#backoffs.delete(name);
      return { host, [Symbol.dispose]: () => held[Symbol.dispose]() };
    } catch (error) {
      held[Symbol.dispose]();
      if (this.#entries.get(name) === entry) this.#entries.delete(name);
      backoff.failed(error, clock.now());
      this.#backoffs.set(name, backoff);
      throw unavailable(app, version, error);
    }
  }

  /** Takes a version that has been loaded already. */
  adopt(app: string, version: number, host: AppHost): void {
    if (this.#closed || this.#entries.has(nameOf(app, version))) void this.#close(host);
    else this.#add(app, version, Promise.resolve(host));
  }

  /** Follows what the apps are now: ends what is not wanted any more, starts what is to have workers without any work. */
  follow(apps: ReadonlyMap<string, AppState>, isOver: (app: string) => boolean): void {
    if (this.#closed) return;
    for (const { app, version, live } of this.#entries.values()) {
      const current = apps.get(app)?.current;
      if (!current) this.#end(app, version, stopped(app));
      else if (current.version === version) live.setCurrent(!isOver(app));
      else if (current.strategy === 'recreate' && this.#current.get(app) !== current.version) {
        this.#end(app, version, replaced(app, current.version));
      } else live.setCurrent(false);
    }
    const before = this.#current;
    this.#current = new Map(
      [...apps].flatMap(([name, { current }]) => (current ? [[name, current.version] as const] : [])),
    );
    for (const { name, current } of apps.values()) {
      if (!current || before.get(name) === current.version || isOver(name)) continue;
      if (current.functions.some(({ minWorkers }) => minWorkers > 0)) void this.#warm(name, current);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#entries.values().map(({ live }) => live[Symbol.asyncDispose]()));
    this.#entries.clear();
    await Promise.all(this.#closing);
  }

  #add(app: string, version: number, host: Promise<AppHost>): Entry {
    const live = new LiveVersion(host, this.#options.clock, () => this.#end(app, version, replaced(app)));
    const entry = { app, version, live };
    this.#entries.set(nameOf(app, version), entry);
    live.setCurrent(!this.#current.has(app) || this.#current.get(app) === version);
    return entry;
  }

  #end(app: string, version: number, reason: Error): void {
    const name = nameOf(app, version);
    const entry = this.#entries.get(name);
    if (!entry) return;
    this.#entries.delete(name);
    entry.live.revoke(reason);
    const ended = this.#close(entry.live);
    // What could not be ended in order must not keep the app from being loaded again.
    const all = Promise.allSettled([this.#ending.get(app), ended]);
    this.#ending.set(app, all);
    void all.then(() => {
      if (this.#ending.get(app) === all) this.#ending.delete(app);
    });
  }

  #close(closed: AsyncDisposable): Promise<void> {
    const closing = Promise.resolve(closed[Symbol.asyncDispose]()).finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
    return closing;
  }

  async #warm(app: string, version: AppVersion): Promise<void> {
    try {
      using held = await this.hold(app, version, () => {});
      await held.host.warm();
    } catch (error) {
      this.#options.onFailure(app, version, error);
    }
  }
}

function nameOf(app: string, version: number): string {
  return versioned({ name: app, version });
}

export function stopped(app: string): ServerError {
  return new ServerError('APP_STOPPED', `The app ${app} was stopped; deploy it, or roll it back, to start it again`);
}

function replaced(app: string, by?: number): ServerError {
  const what = by === undefined ? 'another version' : `version ${by}`;
  return new ServerError('VERSION_REPLACED', `The workers of ${app} were ended for ${what}; send the batch again`);
}

function unavailable(app: string, { version }: AppVersion, reason: unknown): CoreError {
  const why = reason instanceof Error ? reason.message : String(reason);
  return new CoreError('WORKER_UNAVAILABLE', `Version ${version} of ${app} can't be loaded here: ${why}`, {
    cause: reason,
  });
}
