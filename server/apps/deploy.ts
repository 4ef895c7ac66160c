import { type Deployed, type DeployRequest, isOfRun, nameOfRun } from '../../shard/app/deployment.ts';
import { ServerError } from '../errors.ts';
import { AppHost, type AppHostOptions } from '../host/app-host.ts';
import type { LogEntry } from '../host/messages.ts';
import type { Book } from './book.ts';
import type { Bundles } from './bundles.ts';
import { nextVersion } from './changes.ts';
import type { LiveVersions } from './live-versions.ts';
import type { LogBook } from './log-book.ts';
import { requireAppName, requireFunctionName } from './names.ts';
import { missingPackageOf, requirePackages } from './packages.ts';
import type { Runs } from './runs.ts';

export interface DeployParts {
  readonly book: Book;
  readonly bundles: Bundles;
  readonly runs: Runs;
  readonly live: LiveVersions;
  readonly logs: LogBook;
  readonly host: AppHostOptions;
  readonly packages: string;
  readonly serves: (app: string) => boolean;
}

/**
 * Loads a bundle in a worker of this node, and makes it the current version of its app if that goes well. Throws
 * `BUNDLE_CORRUPT`, `BUNDLE_INVALID`, `APP_INVALID`, `PACKAGE_MISSING` or `APP_SERVED`; nothing is changed then.
 */
export async function deploy(request: DeployRequest, by: string, parts: DeployParts): Promise<Deployed> {
  const { book, bundles, runs, live, logs, packages, serves } = parts;
  const { bundle, declarations, strategy = 'rolling', tag, run, force = false } = request;
  requirePackages(request.packages, packages);
  const path = await bundles.file(bundle);
  if (declarations !== undefined) await bundles.read(declarations);
  const bytes = (await bundles.read(bundle)).length;

  const early: LogEntry[] = [];
  let onLog = (entry: LogEntry): void => void early.push(entry);
  await using opened = new AsyncDisposableStack();
  const nameOf = (own: string): string => {
    const name = request.name ?? own;
    return run === undefined ? name : nameOfRun(name, run);
  };
  const host = opened.use(
    await loaded(
      () => AppHost.open({ path, packages, nameOf }, { ...parts.host, onLog: (entry) => onLog(entry) }),
      packages,
    ),
  );
  // An app may come from anywhere, and names become paths.
  const app = requireAppName(host.name, { run: run !== undefined });
  for (const { name } of host.descriptions) requireFunctionName(name);
  const functions = host.descriptions.map(({ name, generator, exported, options: { minWorkers, schedule } }) => ({
    name,
    generator,
    ...(exported !== undefined && { exported }),
    minWorkers,
    ...(schedule && { schedule }),
  }));
  if (functions.length === 0) {
    throw new ServerError('APP_INVALID', `The app ${app} declares no function; give it one with \`app.function(…)\``);
  }
  if (serves(app)) {
    throw new ServerError(
      'APP_SERVED',
      `This node was started with an app of the name ${app}, which it would run in place of this one; deploy it under another --name, or start the node without it`,
    );
  }

  // A run is not over before it has begun.
  if (isOfRun(app)) await runs.renew(app);
  let made = undefined as Deployed['version'] | undefined;
  const state = await book.change(app, by, (before) => {
    made = undefined;
    if (!force && before.current && isSame(before.current, request)) return undefined;
    made = {
      version: nextVersion(before),
      bundle,
      bytes,
      packages: request.packages,
      functions,
      strategy,
      ...(tag !== undefined && { tag }),
      ...(declarations !== undefined && { declarations }),
    };
    return { type: 'deploy', version: made };
  });
  if (!made) return { app, version: state.current!, created: false };
  const { version } = made;
  onLog = (entry) => logs.add(app, version, entry);
  for (const entry of early) onLog(entry);
  opened.move();
  live.adopt(app, version, host);
  return { app, version: made, created: true };
}

async function loaded(open: () => Promise<AppHost>, packages: string): Promise<AppHost> {
  try {
    return await open();
  } catch (error) {
    throw missingPackageOf(error instanceof Error ? error.cause : undefined, packages) ?? error;
  }
}

function isSame(current: Pick<DeployRequest, 'bundle' | 'packages'>, request: DeployRequest): boolean {
  const of = ({ bundle, packages }: typeof current): string =>
    JSON.stringify([bundle, Object.keys(packages).toSorted()]);
  return of(current) === of(request);
}
