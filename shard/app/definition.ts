/** What an app declares, as those see it who run its functions or call them. */
import type { RetryPolicy } from '../retry.ts';

export interface FunctionOptions {
  /** Milliseconds that one run of the handler may take; above 0. Its worker is ended then. Default: none. */
  readonly timeout?: number;
  /** For inputs on which the handler failed. Default: those of a map, which has no retries. */
  readonly retries?: Partial<RetryPolicy>;
  /** Runs of the handler at once in one worker. A whole number of 1 or more; default 1. */
  readonly concurrency?: number;
  /** Worker processes on one node. A whole number of 1 or more; default 1. */
  readonly maxWorkers?: number;
}

export interface BatchedOptions extends FunctionOptions {
  /** Inputs that the handler gets at once, at most. A whole number of 1 or more; default 256. */
  readonly maxBatchSize?: number;
}

/** Options with their defaults; as plain data, since they travel from the worker to the node. */
export interface SettledOptions {
  readonly timeout: number | undefined;
  readonly retries: Partial<RetryPolicy>;
  readonly concurrency: number;
  readonly maxWorkers: number;
  /** Of a batched function only. */
  readonly maxBatchSize: number | undefined;
}

export interface FunctionDefinition {
  readonly name: string;
  readonly options: SettledOptions;
  /** Takes the arguments of one input; that of a batched function takes one argument, the array of its inputs. */
  readonly handler: (...args: readonly unknown[]) => unknown;
}

export interface AppDefinition {
  readonly name: string;
  readonly functions: ReadonlyMap<string, FunctionDefinition>;
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
