import { resolve } from 'node:path';
import type { Logger } from 'pino';
import type { SettledOptions } from '../../shard/app/definition.ts';
import { findGpus, type Gpu } from '../../core/device/gpus.ts';
import type { RoutedFunction } from '../../core/functions/routed.ts';
import { type Clock, systemClock } from '../clock.ts';
import { environmentOf } from './gpu/environment.ts';
import { isCpu } from './gpu/fits.ts';
import { poolOf } from './gpu/pools.ts';
import { Shelf } from './gpu/shelf.ts';
import type { VolumeSource } from './volumes.ts';
import { hostedOn } from './hosted.ts';
import type { FunctionDescription } from './messages.ts';
import type { Pool } from './pool.ts';
import { type AppModule, type OnLog, WorkerProcess } from './worker-process.ts';

/** Milliseconds that a module may take to load, before it is known what it declares. */
const LOAD_MS = 300_000;

export interface AppHostOptions {
  readonly log: Logger;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Finds the GPUs that workers may have. Default: all of this machine's. */
  readonly gpus?: () => Promise<readonly Gpu[]>;
  /** The GPUs of this node, which it shares with other apps. Default: a shelf of its own, of those that `gpus` finds. */
  readonly shelf?: () => Promise<Shelf>;
  /** What handlers have volumes in. Default: they have none. */
  readonly volumes?: VolumeSource | undefined;
  /** Hears what handlers log, beside the node's log. */
  readonly onLog?: OnLog;
}

/** An app whose functions this node has; its code runs in processes of its own. Disposing ends them. */
export class AppHost implements AsyncDisposable {
  readonly name: string;
  readonly descriptions: readonly FunctionDescription[];
  /** Known as `app/function`. */
  readonly functions: readonly RoutedFunction[];
  readonly #pools: readonly Pool[];
  /** The process that told what the app has, until a function wants it. */
  #spare: WorkerProcess | undefined;

  private constructor(
    module: AppModule,
    first: WorkerProcess,
    shelf: Shelf,
    { log, clock = systemClock, onLog, volumes }: AppHostOptions,
  ) {
    const { name, functions } = first.app;
    this.name = name;
    this.descriptions = functions;
    this.#spare = first;
    const tagged = log.child({ app: name });
    const pools = new Map<string, Pool>();
    for (const [workers, members] of Map.groupBy(functions, (each) => each.workers)) {
      const settings = settingsOf(members.map(({ options }) => options));
      const start = async (signal: AbortSignal, gpu?: Gpu): Promise<WorkerProcess> => {
        const env = settings.gpu.length === 0 ? {} : environmentOf(gpu);
        const limit = { signal, timeout: settings.startupTimeout };
        const began = performance.now();
        const entered = async (worker: WorkerProcess): Promise<WorkerProcess> => {
          await worker.enter(workers, { signal, timeout: limit.timeout - (performance.now() - began) });
          return worker;
        };
        // What the module loads first may look for GPUs already.
        const spare = settings.gpu.length === 0 ? this.#takeSpare() : undefined;
        try {
          if (spare) return await entered(spare);
        } catch (error) {
          // It may have died before it was wanted, and nobody had heard of it.
          if (!spare?.gone) throw error;
        }
        return entered(await WorkerProcess.start(module, log, { ...limit, env, onLog, volumes }));
      };
      pools.set(workers, poolOf({ function: workers, settings, clock, log: tagged, start }, shelf));
    }
    this.#pools = [...pools.values()];
    this.functions = functions.map((each) => hostedOn(pools.get(each.workers)!, name, each));
  }

  /** Loads the module in a process of its own. Throws `APP_INVALID` with what the module threw. */
  static async open(given: string | AppModule, options: AppHostOptions): Promise<AppHost> {
    const module = typeof given === 'string' ? { path: resolve(given) } : given;
    const first = await WorkerProcess.start(module, options.log, {
      timeout: LOAD_MS,
      onLog: options.onLog,
      volumes: options.volumes,
    });
    const { functions } = first.app;
    try {
      // Drivers take their time, so they are asked only where it matters.
      const isAsked = functions.some(({ options: { gpu } }) => !gpu.every(isCpu));
      const shelf = isAsked ? await (options.shelf ?? (() => shelfOf(options.gpus)))() : new Shelf([]);
      const host = new AppHost(module, first, shelf, options);
      // Nobody will want it.
      if (functions.every(({ options: { gpu } }) => gpu.length > 0)) await host.#takeSpare()?.[Symbol.asyncDispose]();
      return host;
    } catch (error) {
      await first[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Resolves when each function has the workers that it keeps, or they could not be started, which the log tells. */
  async warm(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.warm()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const spare = this.#takeSpare();
    await Promise.all([...this.#pools, ...(spare ? [spare] : [])].map((each) => each[Symbol.asyncDispose]()));
  }

  #takeSpare(): WorkerProcess | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare?.gone ? undefined : spare;
  }
}

/** The GPUs of this machine, or those that `find` finds. */
export async function shelfOf(find: () => Promise<readonly Gpu[]> = findGpus): Promise<Shelf> {
  return new Shelf(await find());
}

/** Those of one function, or of a class, whose functions say the same of their workers. */
function settingsOf(members: readonly SettledOptions[]): SettledOptions {
  const sizes = members.map(({ maxBatchSize }) => maxBatchSize).filter((size) => size !== undefined);
  return { ...members[0]!, maxBatchSize: sizes.length === 0 ? undefined : Math.max(...sizes) };
}
