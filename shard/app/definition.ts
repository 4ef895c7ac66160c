/** What an app declares, as those see it who run its functions or call them. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { RetryPolicy } from '../retry.ts';
import type { ByteSize } from './byte-size.ts';
import type { Schedule } from './schedule.ts';

/**
 * A GPU by words of its name, such as `h100`, or `any`; or by the memory that it must have; or `cpu` for none.
 */
export type GpuRequest = string | { readonly memory: ByteSize };

/** The same, settled. */
export type GpuNeed = string | { readonly memory: number };

/** How many worker processes there are, and what each of them needs and may take. */
export interface WorkerOptions {
  /** Runs of the handler at once in one worker. A whole number of 1 or more; default 1. */
  readonly concurrency?: number;
  /** Workers on one node that are there without any work. A whole number of 0 or more; default 0. */
  readonly minWorkers?: number;
  /** Workers on one node at most. A whole number of 1 or more, and no less than `minWorkers`; default 1. */
  readonly maxWorkers?: number;
  /**
   * Idle workers on one node beyond those that are busy, while there is work. A whole number of 0 or more, and no more
   * than `maxWorkers`; default 0.
   */
  readonly bufferWorkers?: number;
  /** Milliseconds without work after which a worker is ended. A number of 0 or more; default 60000. */
  readonly scaledownWindow?: number;
  /** Milliseconds that a worker may take to load the module, and to `enter`; above 0. Default 300000. */
  readonly startupTimeout?: number;
  /**
   * A GPU for each worker; of several requests, the first that a node can meet, and then those after it for inputs that
   * run out of memory. Default: none.
   */
  readonly gpu?: GpuRequest | readonly GpuRequest[];
  /** Resident memory above which a worker is replaced, once its runs have ended; above 0. Default: half of the machine's. */
  readonly maxWorkerMemory?: ByteSize;
  /**
   * Volumes that handlers have in `context().volumes`, by the name under which they have them, such as
   * `{ '/data': 'video-embeddings' }`. A volume is made when it is first used. Default: none.
   */
  readonly volumes?: Readonly<Record<string, string>>;
  /** Runs of the handler after which a worker is replaced. A whole number of 1 or more. Default: no bound. */
  readonly maxRunsPerWorker?: number;
}

/** How one run of a handler goes. */
export interface RunOptions {
  /** Milliseconds that one run of the handler may take; above 0. Its worker is ended then. Default: none. */
  readonly timeout?: number;
  /** For inputs on which the handler failed. Default: those of a map, which has no retries. */
  readonly retries?: Partial<RetryPolicy>;
  /** When it is run by itself once it is deployed, with the time at which it was due, a `Date`; made by `cron`. Default: never. */
  readonly schedule?: Schedule;
}

export interface BatchedRunOptions extends RunOptions {
  /** Inputs that the handler gets at once, at most. A whole number of 1 or more; default 256. */
  readonly maxBatchSize?: number;
}

export interface FunctionOptions extends RunOptions, WorkerOptions {}

export interface BatchedOptions extends BatchedRunOptions, WorkerOptions {}

/** A validator of any library that follows the Standard Schema. */
export type Schema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>;

/** What each input must fit before the handler sees it. */
export interface Validated<S extends Schema> {
  readonly input: S;
}

/** Options with their defaults; as plain data, since they travel from the worker to the node. */
export interface SettledOptions {
  readonly timeout: number | undefined;
  readonly retries: Partial<RetryPolicy>;
  readonly concurrency: number;
  readonly minWorkers: number;
  readonly maxWorkers: number;
  readonly bufferWorkers: number;
  readonly scaledownWindow: number;
  readonly startupTimeout: number;
  /** In the order of preference; none if empty. */
  readonly gpu: readonly GpuNeed[];
  readonly maxWorkerMemory: number | undefined;
  readonly maxRunsPerWorker: number | undefined;
  readonly volumes: Readonly<Record<string, string>>;
  /** Of a batched function only. */
  readonly maxBatchSize: number | undefined;
  readonly schedule: Schedule | undefined;
}

export interface FunctionDefinition {
  readonly name: string;
  readonly options: SettledOptions;
  /** Whose workers run it: its own name, or that of its class. */
  readonly workers: string;
  /** Whether the handler yields items in place of one output. */
  readonly generator: boolean;
  /** What an input must fit; the handler gets what the schema makes of it. */
  readonly input: Schema | undefined;
  /**
   * Takes the arguments of one input; that of a batched function takes one argument, the array of its inputs. Before
   * them the handler of a class takes its state.
   */
  readonly handler: (...args: readonly unknown[]) => unknown;
}

/** Functions that share workers, and the state that each worker makes before its first run. */
export interface ClassDefinition {
  readonly name: string;
  readonly enter: () => unknown;
  readonly exit: ((state: unknown) => unknown) | undefined;
}

export interface AppDefinition {
  readonly name: string;
  readonly functions: ReadonlyMap<string, FunctionDefinition>;
  readonly classes: ReadonlyMap<string, ClassDefinition>;
  /** What `warpmap run` runs: takes a connection, and the arguments of the command. Copies of older packages have none. */
  readonly main?: ((warp: unknown, ...args: readonly string[]) => unknown) | undefined;
}

/** Marks an app. Registered, because the app's copy of this package may not be the node's. */
const APP: unique symbol = Symbol.for('warpmap.app.1');

/** What an app carries for those who run it. */
export interface Defined {
  readonly [APP]: AppDefinition;
}

export function defined(definition: AppDefinition): Defined {
  return { [APP]: definition };
}

/** The definition that a value carries, if it is an app. */
export function definitionOf(value: unknown): AppDefinition | undefined {
  return typeof value === 'object' && value !== null ? (value as Partial<Defined>)[APP] : undefined;
}

/** The name under which nodes know a function of an app. */
export function qualified(app: string, name: string): string {
  return `${app}/${name}`;
}
