import { CoreError } from '../core/errors.ts';
import type { HostedFunction } from '../core/functions/contract.ts';
import type { Registry } from '../core/functions/registry.ts';
import type { RoutedFunction } from '../core/functions/routed.ts';
import { parseVersioned, type Versioned, versioned } from '../shard/app/versioned.ts';
import type { Runnable } from './store/contract.ts';

/** A built-in function, or one of an app, which runs in its workers. */
export type NodeFunction = HostedFunction | RoutedFunction;

/** A function whose workers are kept for whoever holds it. */
export interface Held extends Disposable {
  readonly function: NodeFunction;
  /** Of a deployed app. */
  readonly version?: number;
}

/** Calls back once, with why, if what is held may not run here any more. */
export type Revoked = (reason: Error) => void;

/** Functions that come and go: those of deployed apps. */
export interface Deployed {
  /** Of current versions. */
  readonly names: readonly string[];
  /** Those that have workers now, or could have them at once. */
  readonly all: readonly NodeFunction[];
  /** All that this node could run, of every version. */
  readonly runnables: readonly Runnable[];
  /** The version that a call is bound to if it begins now; undefined if there is no such function. */
  bind(function_: Versioned): Promise<Runnable | undefined>;
  /** Undefined if there is no such function. */
  hold(function_: Versioned, revoked: Revoked): Promise<Held | undefined>;
}

/** All functions of one node: built in, of the app that it serves, and of deployed apps. */
export class NodeFunctions {
  readonly #fixed: Registry<NodeFunction>;
  readonly #deployed: Deployed | undefined;

  constructor(fixed: Registry<NodeFunction>, deployed?: Deployed) {
    this.#fixed = fixed;
    this.#deployed = deployed;
  }

  /** As clients call them. */
  get names(): string[] {
    return [...new Set([...this.#fixed.names, ...(this.#deployed?.names ?? [])])];
  }

  /** Those that are up now. */
  get all(): NodeFunction[] {
    return [...this.#fixed.all, ...(this.#deployed?.all ?? [])];
  }

  /** All that this node could run, for claiming work. */
  get runnables(): Runnable[] {
    return [...this.#fixed.names.map((name) => ({ function: name })), ...(this.#deployed?.runnables ?? [])];
  }

  /** What a call of `name`, or `name@version`, is bound to if it begins now. Throws `FUNCTION_NOT_FOUND`. */
  async bind(name: string, version?: number): Promise<Runnable> {
    const wanted = wantedOf(name, version);
    if (this.#isFixed(wanted)) return { function: wanted.name };
    return (await this.#deployed?.bind(wanted)) ?? this.#missing(wanted);
  }

  /**
   * The function `name`, or `name@version`, for as long as it is not disposed; `revoked` may say before that it can't be
   * run any more. Throws `FUNCTION_NOT_FOUND`, and what keeps a deployed version from being loaded.
   */
  async hold(name: string, revoked: Revoked, version?: number): Promise<Held> {
    const wanted = wantedOf(name, version);
    if (this.#isFixed(wanted)) return { function: this.#fixed.get(wanted.name), [Symbol.dispose]() {} };
    return (await this.#deployed?.hold(wanted, revoked)) ?? this.#missing(wanted);
  }

  /** What the node was started with goes before what was deployed, which is then run by its version alone. */
  #isFixed({ name, version }: Versioned): boolean {
    return version === undefined && this.#fixed.has(name);
  }

  #missing(wanted: Versioned): never {
    throw new CoreError(
      'FUNCTION_NOT_FOUND',
      `This node has no function ${JSON.stringify(versioned(wanted).slice(0, 140))}; it has ${this.names.join(', ')}`,
    );
  }
}

function wantedOf(name: string, version: number | undefined): Versioned {
  return version === undefined ? parseVersioned(name) : { name, version };
}
