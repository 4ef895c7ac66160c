import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { pino, type Logger } from 'pino';
import type { Engine } from '../core/contract.ts';
import { settleGate } from './access/gate.ts';
import { onlyToken, type Token } from './access/tokens.ts';
import { Admission } from './admission.ts';
import { createApp } from './app.ts';
import { Deployments } from './apps/deployments.ts';
import { partsOf } from './apps/names.ts';
import { Calls } from './calls.ts';
import { type Clock, systemClock } from './clock.ts';
import { drain } from './drain.ts';
import { DurableCalls } from './durable/calls.ts';
import { ServerError } from './errors.ts';
import { builtIns, Registry } from '../core/functions/registry.ts';
import { type NodeFunction, NodeFunctions } from './functions.ts';
import { shelfOf } from './host/app-host.ts';
import type { Shelf } from './host/gpu/shelf.ts';
import { Journal } from './journal/journal.ts';
import { type Limits, settleLimits } from './limits.ts';
import { listen } from './listen.ts';
import { Turns } from './map/turns.ts';
import { Metrics } from './metrics.ts';
import { Replays } from './replay/replays.ts';
import { Schedules } from './schedules/schedules.ts';
import { NodeState } from './state.ts';
import { Storage } from './storage.ts';
import { placesOf } from './store/settings.ts';
import { type HostVolumes, placeAnywhere } from './host/volumes.ts';
import { NodeVolumes } from './volume/node-volumes.ts';
import { Streams } from './stream/streams.ts';

export interface ServerOptions {
  /** Stays the caller's to dispose. While a promise is pending the node listens, and says that it is not ready. */
  readonly engine: Engine | Promise<Engine>;
  /** Address to bind. Default: `127.0.0.1`. Beyond loopback a token is required. */
  readonly host?: string;
  /** From 0 (any that is free) to 65535. Default: 0. */
  readonly port?: number;
  /** What clients must send as a bearer token: 8 to 512 printable ASCII characters. Default: none. */
  readonly token?: string;
  /** Tokens that allow some of it, beside that one, which allows everything. Default: none. */
  readonly tokens?: readonly Token[];
  readonly limits?: Partial<Limits>;
  /** Directory for what outlives this process: durable calls, and the journal of maps that have a key. Default: none, and neither. */
  readonly data?: string;
  /** URL of the store of durable calls. Default: SQLite in `data`. */
  readonly store?: string;
  /** Directory or URL of the objects. Default: as the store has it. */
  readonly objects?: string;
  /** Directory from where the packages resolve that deployed apps do not have in their bundles. Default: the working directory. */
  readonly packages?: string;
  /** The GPUs that workers may have, which `functions` share with deployed apps. Default: those of this machine. */
  readonly shelf?: () => Promise<Shelf>;
  /** Default: silent. */
  readonly log?: Logger;
  /** Default: the built-in functions. */
  readonly functions?: Iterable<NodeFunction>;
  /** Default: the system's. */
  readonly clock?: Clock;
}

const OPTION_NAMES: readonly string[] = [
  'engine',
  'host',
  'port',
  'token',
  'tokens',
  'limits',
  'data',
  'store',
  'objects',
  'packages',
  'shelf',
  'log',
  'functions',
  'clock',
] satisfies (keyof ServerOptions)[];

/** A node that listens. Disposing it cuts what still runs; drain it first to let that finish. */
export interface Server extends AsyncDisposable {
  /** Such as `http://127.0.0.1:7411`: how this machine reaches the node. */
  readonly url: string;
  readonly port: number;
  /** Resolves when the engine can be used; rejects with why it never will. */
  readonly ready: Promise<void>;
  /** Resolves, to the code of the error, if the engine is lost for good; the node then refuses work until it is restarted. */
  readonly gone: Promise<string>;
  /** For the handlers of an app that this process runs. */
  readonly volumes: HostVolumes;
  /**
   * Refuses new batches and waits for the running ones, for `milliseconds` at most (default 30,000); then stops those
   * that are left, and resolves to how many they were.
   */
  drain(milliseconds?: number): Promise<number>;
}

/** Throws `TOKEN_REQUIRED`, `PORT_IN_USE`, `ADDRESS_UNUSABLE` or `OPTION_INVALID`. */
export async function startServer(options: ServerOptions): Promise<Server> {
  for (const name of Object.keys(options)) {
    if (!OPTION_NAMES.includes(name)) {
      throw new ServerError(
        'OPTION_INVALID',
        `startServer has no option \`${name}\`; its options are ${OPTION_NAMES.join(', ')}`,
      );
    }
  }
  const { host = '127.0.0.1', port = 0, clock = systemClock, log = pino({ level: 'silent' }) } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ServerError('OPTION_INVALID', `Expected port to be an integer from 0 to 65535, got ${port}`);
  }
  const gate = settleGate(host, [
    ...(options.token === undefined ? [] : [onlyToken(options.token)]),
    ...(options.tokens ?? []),
  ]);
  const limits = settleLimits(options.limits);
  const state = new NodeState(options.engine);
  const admission = new Admission(limits);
  const calls = new Calls();
  const replays = new Replays(limits, clock);
  const storage = new Storage({ places: placesOf(options), clock, log });
  const volumes = new NodeVolumes(storage, log);
  const journal = new Journal({ directory: options.data, limits, clock, log });
  const fixed = new Registry<NodeFunction>(options.functions ?? builtIns);
  let shelf: Promise<Shelf> | undefined;
  const { store, objects, data, token } = options;
  const hostVolumes = { place: placeAnywhere({ store, objects, data, token }), open: () => volumes.open() };
  const deployments = new Deployments({
    volumes: async () => hostVolumes,
    storage,
    directory: options.data,
    packages: resolve(options.packages ?? '.'),
    serves: (name) => fixed.names.some((each) => partsOf(each)?.app === name),
    onScheduled: (scheduled) => schedules.follow(scheduled),
    shelf: options.shelf ?? (() => (shelf ??= shelfOf())),
    clock,
    log,
  });
  const functions = new NodeFunctions(fixed, deployments);
  const metrics = new Metrics({ admission, functions, ready: () => state.isOpen });
  const turns = new Turns();
  const durable = new DurableCalls({
    storage,
    functions,
    state,
    metrics: metrics.calls,
    limits,
    clock,
    turns,
    log,
    node: () => `${hostname()}:${bound.port}`,
  });
  const schedules = new Schedules({
    objects: async () => (await storage.open()).objects,
    fire: (runnable, key, due) => durable.beginOnce(runnable, key, due),
    clock,
    time: Date.now,
    log,
  });
  const node = {
    state,
    functions,
    deployments,
    admission,
    calls,
    replays,
    streams: new Streams(),
    journal,
    storage,
    volumes,
    durable,
    metrics,
    limits,
    clock,
    turns,
    log,
  };

  const app = createApp(node, gate);
  const bound = await listen(app, host, port);
  log.info({ url: bound.url }, 'listening');
  storage.watch();
  const ready = state.ready.then(() => undefined);
  // Who does not wait for it hears of a failure at /readyz.
  ready.catch(() => {});
  const close = async (): Promise<void> => {
    state.startDraining();
    calls.abortAll(new ServerError('NODE_DRAINING', 'This node was stopped'));
    await app.close();
    await schedules[Symbol.asyncDispose]();
    // Before what it runs is gone.
    await durable[Symbol.asyncDispose]();
    await deployments[Symbol.asyncDispose]();
    replays[Symbol.dispose]();
    await journal[Symbol.asyncDispose]();
    await volumes[Symbol.asyncDispose]();
    await storage[Symbol.asyncDispose]();
    log.info('closed');
  };
  let closed: Promise<void> | undefined;
  return {
    ...bound,
    ready,
    gone: state.gone,
    volumes: hostVolumes,
    drain: (milliseconds = 30_000) => drain(node, milliseconds),
    [Symbol.asyncDispose]: () => (closed ??= close()),
  };
}
