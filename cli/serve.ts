import { homedir, platform } from 'node:os';
import type { Engine } from '../core/contract.ts';
import { builtIns } from '../core/functions/registry.ts';
import { AppHost, shelfOf } from '../server/host/app-host.ts';
import type { Shelf } from '../server/host/gpu/shelf.ts';
import { countBuffersWithHeap } from '../server/buffer-memory.ts';
import type { Limits } from '../server/limits.ts';
import { createLog, type LogLevel } from '../server/log.ts';
import { type Server, type ServerOptions, startServer } from '../server/server.ts';
import { dataDirectory } from './data.ts';
import { type EngineFlags, engineOptions } from './engine-options.ts';
import { logDownloads } from './download.ts';
import { greeting } from './greeting.ts';
import type { Parts } from './parts.ts';
import { listenForStop } from './stop.ts';
import { findToken, findTokens, type TokenSources, type TokensSource } from './token.ts';

export interface ServeOptions extends EngineFlags, TokenSources, TokensSource {
  readonly host: string;
  readonly port: number;
  readonly logLevel: LogLevel;
  readonly drainSeconds: number;
  readonly limit: Partial<Limits>;
  readonly data?: string;
  readonly store?: string;
  readonly objects?: string;
  readonly packages?: string;
  readonly announce?: true;
  readonly withParent?: true;
}

/** Where the store and the objects are, if not in the data directory. An empty variable counts as none. */
function storageOptions(
  { store, objects }: Pick<ServeOptions, 'store' | 'objects'>,
  env: NodeJS.ProcessEnv,
): Pick<ServerOptions, 'store' | 'objects'> {
  const url = (store ?? '') || (env['WARPMAP_DATABASE_URL'] ?? '');
  return { ...(url !== '' && { store: url }), ...(objects !== undefined && objects !== '' && { objects }) };
}

/** Serves until told to stop, lets running batches finish, and closes everything. */
export async function serve(app: string | undefined, options: ServeOptions, parts: Parts): Promise<void> {
  const began = performance.now();
  countBuffersWithHeap();
  const log = createLog({ level: options.logLevel });
  using stop = listenForStop({ withParent: options.withParent === true });
  const [token, tokens] = await Promise.all([findToken(options), findTokens(options)]);
  if (options.token !== undefined)
    log.warn('--token shows in the list of processes; --token-file and WARPMAP_TOKEN do not');
  const settled = { ...engineOptions(options), onDownload: logDownloads(log) };

  let early = true;
  void stop.asked.then((reason) => {
    if (!early) return;
    log.info({ reason }, 'stopping before it is ready');
    // Nobody waits for an app or a model that nobody will use.
    process.exit(0);
  });
  const serving = Promise.withResolvers<Server>();
  let gpus: Promise<Shelf> | undefined;
  const shelf = (): Promise<Shelf> => (gpus ??= shelfOf());
  await using host =
    app === undefined
      ? undefined
      : await AppHost.open(app, { log, shelf, volumes: async () => (await serving.promise).volumes });
  const functions = host?.functions ?? [];
  // The port is bound first: a node that can't listen should not load a model to find out.
  const loading = Promise.withResolvers<Engine>();
  await using server = await startServer({
    engine: loading.promise,
    host: options.host,
    port: options.port,
    limits: options.limit,
    data: options.data ?? dataDirectory(process.env, platform(), homedir()),
    ...storageOptions(options, process.env),
    log,
    functions: [...builtIns, ...functions],
    shelf,
    ...(options.packages !== undefined && { packages: options.packages }),
    tokens,
    ...(token !== undefined && { token }),
  });
  serving.resolve(server);
  log.info({ model: settled.model, device: settled.device }, 'loading');
  // The workers that functions keep are started meanwhile, since a node that is ready should not be slow at first.
  Promise.all([parts.openEngine(settled), host?.warm()]).then(([engine]) => loading.resolve(engine), loading.reject);
  await server.ready;
  early = false;
  await using engine = await loading.promise;

  const { url } = server;
  process.stdout.write(
    options.announce === true
      ? `${JSON.stringify({ url, pid: process.pid })}\n`
      : greeting({
          url,
          engine,
          milliseconds: performance.now() - began,
          guarded: token !== undefined || tokens.length > 0,
          functions: functions.map(({ name }) => name),
        }),
  );
  const reason = await Promise.race([stop.asked, server.gone.then((code) => ({ lost: code }))]);
  if (typeof reason === 'object') {
    log.fatal({ code: reason.lost }, 'the engine is lost: ending, so that a supervisor can start the node anew');
    process.exitCode = 1;
  } else log.info({ reason }, 'stopping');
  await Promise.race([server.drain(options.drainSeconds * 1000), stop.orphaned]);
  // Closed before the engine on which its last batches run.
  await server[Symbol.asyncDispose]();
}
