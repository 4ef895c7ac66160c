import type {
  BatchedRunOptions,
  ClassDefinition,
  FunctionDefinition,
  RunOptions,
  Schema,
  Validated,
} from '../../shard/app/definition.ts';
import { type BatchMethod, declared, type HandleOf, type InputOf, type Method, type Parsed } from './declared.ts';
import type { FunctionHandle } from './handle.ts';
import { requireName, settle, type SettledWorkers } from './options.ts';

/** The state of a class in one worker, from its beginning to its end. */
export interface Lifecycle<State> {
  /** Makes the state, once in each worker and before its first run. If it throws, the worker is not used. */
  readonly enter: () => State;
  /** Puts the state away, when the worker ends in order: it is not wanted any more, or its node stops. */
  readonly exit?: (state: NoInfer<Awaited<State>>) => unknown;
}

export interface ClassFields {
  readonly definition: ClassDefinition;
  readonly workers: SettledWorkers;
  readonly define: (definition: FunctionDefinition, state: () => Promise<readonly unknown[]>) => unknown;
}

/**
 * A class of an app: its functions take the state before their arguments, and share the class's workers. Nodes know
 * them as `app/Class.method`. Disposing it puts away the state that `local` has made in this process.
 */
export class AppClass<State> implements AsyncDisposable {
  readonly name: string;
  readonly #fields: ClassFields;
  /** Of this process, once one of its functions was run by `local`. */
  #state: Promise<State> | undefined;

  /** Made by `App.cls`. */
  constructor(fields: ClassFields) {
    this.name = fields.definition.name;
    this.#fields = fields;
  }

  /** As `App.function`, for a handler that takes the state first. Its options are those of a run. */
  method<A extends readonly unknown[], R>(name: string, handler: Method<State, A, R>): HandleOf<A, R>;
  method<S extends Schema, R>(
    name: string,
    options: RunOptions & Validated<S>,
    handler: Method<State, [input: Parsed<S>], R>,
  ): HandleOf<[input: InputOf<S>], R>;
  method<A extends readonly unknown[], R>(
    name: string,
    options: RunOptions,
    handler: Method<State, A, R>,
  ): HandleOf<A, R>;
  method<A extends readonly unknown[], R>(
    name: string,
    ...rest: readonly [Method<State, A, R>] | readonly [RunOptions, Method<State, A, R>]
  ): HandleOf<A, R> {
    const [options, handler] = rest.length === 1 ? [{}, rest[0]] : rest;
    return this.#define(name, { options, handler, batched: false }) as HandleOf<A, R>;
  }

  /** As `App.batched`, for a handler that takes the state first. */
  batched<S extends Schema, O>(
    name: string,
    options: BatchedRunOptions & Validated<S>,
    handler: BatchMethod<State, Parsed<S>, O>,
  ): FunctionHandle<[input: InputOf<S>], O>;
  batched<I, O>(
    name: string,
    options: BatchedRunOptions,
    handler: BatchMethod<State, I, O>,
  ): FunctionHandle<[input: I], O>;
  batched<I, O>(
    name: string,
    options: BatchedRunOptions,
    handler: BatchMethod<State, I, O>,
  ): FunctionHandle<[input: I], O> {
    return this.#define(name, { options, handler, batched: true }) as FunctionHandle<[input: I], O>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const state = this.#state;
    this.#state = undefined;
    if (state) await this.#fields.definition.exit?.(await state);
  }

  #define(
    method: string,
    { options, handler, batched }: { options: BatchedRunOptions; handler: unknown; batched: boolean },
  ): unknown {
    const { definition, workers, define } = this.#fields;
    const name = `${definition.name}.${requireName(method, 'a method')}`;
    const settled = settle(options, { what: `method ${JSON.stringify(name)}`, batched, workers });
    return define({ name, workers: definition.name, ...settled, ...declared(handler, name, { batched }) }, async () => [
      await this.#entered(),
    ]);
  }

  /** The state of this process. If it can't be made, the next run tries again. */
  async #entered(): Promise<State> {
    const state = (this.#state ??= this.#make());
    try {
      return await state;
    } catch (error) {
      if (this.#state === state) this.#state = undefined;
      throw error;
    }
  }

  async #make(): Promise<State> {
    return (await this.#fields.definition.enter()) as State;
  }
}
