import {
  type AppDefinition,
  type BatchedOptions,
  type ClassDefinition,
  defined,
  type FunctionDefinition,
  type FunctionOptions,
  type Schema,
  type Validated,
  type WorkerOptions,
} from '../../shard/app/definition.ts';
import { requireKnown } from '../../shard/options.ts';
import type { Connection } from '../connection.ts';
import { SdkError } from '../errors.ts';
import { AppClass, type Lifecycle } from './class.ts';
import {
  type BatchHandler,
  declared,
  type HandleOf,
  type Handler,
  type InputOf,
  type Parsed,
  requireHandler,
} from './declared.ts';
import { FunctionHandle, GeneratorHandle } from './handle.ts';
import { requireName, settle, settleWorkers } from './options.ts';

/**
 * Functions of yours that nodes run: `warpmap serve` runs the module that exports the app, in processes of their own.
 * A name has a letter first, and then up to 62 letters, digits, `_`, `.` or `-`.
 */
export class App {
  readonly name: string;
  readonly #functions = new Map<string, FunctionDefinition>();
  readonly #definition: { -readonly [K in keyof AppDefinition]: AppDefinition[K] };
  readonly #classes = new Map<string, ClassDefinition>();

  /** Throws `OPTION_INVALID` for a name that is none. */
  constructor(name: string) {
    this.name = requireName(name, 'an app');
    this.#definition = { name, functions: this.#functions, classes: this.#classes };
    Object.assign(this, defined(this.#definition));
  }

  /**
   * A function of one input at a time: the handler's parameters are the inputs, what it returns (or its promise
   * resolves to) the outputs. With `input`, a schema, its one parameter is what the schema makes of the input. Throws
   * `OPTION_INVALID` for a name that is taken or none, or an unknown option.
   */
  function<A extends readonly unknown[], R>(name: string, handler: Handler<A, R>): HandleOf<A, R>;
  function<S extends Schema, R>(
    name: string,
    options: FunctionOptions & Validated<S>,
    handler: Handler<[input: Parsed<S>], R>,
  ): HandleOf<[input: InputOf<S>], R>;
  function<A extends readonly unknown[], R>(
    name: string,
    options: FunctionOptions,
    handler: Handler<A, R>,
  ): HandleOf<A, R>;
  function<A extends readonly unknown[], R>(
    name: string,
    ...rest: readonly [Handler<A, R>] | readonly [FunctionOptions, Handler<A, R>]
  ): HandleOf<A, R> {
    const [options, handler] = rest.length === 1 ? [{}, rest[0]] : rest;
    const settled = settle(options, { what: `function ${JSON.stringify(name)}`, batched: false });
    return this.#define({ name, workers: name, ...settled, ...declared(handler, name) }) as HandleOf<A, R>;
  }

  /**
   * A function of many inputs at once: the handler gets an array of up to `maxBatchSize` inputs and gives as many
   * outputs, in their order. If it throws, it is run on halves until the input at fault is alone, so it should be safe
   * to run again. Throws `OPTION_INVALID` as `function` does.
   */
  batched<S extends Schema, O>(
    name: string,
    options: BatchedOptions & Validated<S>,
    handler: BatchHandler<Parsed<S>, O>,
  ): FunctionHandle<[input: InputOf<S>], O>;
  batched<I, O>(name: string, options: BatchedOptions, handler: BatchHandler<I, O>): FunctionHandle<[input: I], O>;
  batched<I, O>(name: string, options: BatchedOptions, handler: BatchHandler<I, O>): FunctionHandle<[input: I], O> {
    const settled = settle(options, { what: `batched function ${JSON.stringify(name)}`, batched: true });
    const definition = { name, workers: name, ...settled, ...declared(handler, name, { batched: true }) };
    return this.#define(definition) as FunctionHandle<[input: I], O>;
  }

  /**
   * Functions that share workers and a state, such as a loaded model: `enter` makes the state once in each worker,
   * before its first run, and `exit` puts it away when the worker ends in order. Its functions are declared on what
   * this returns. Throws `OPTION_INVALID` as `function` does.
   */
  cls<State>(name: string, lifecycle: Lifecycle<State>): AppClass<Awaited<State>>;
  cls<State>(name: string, options: WorkerOptions, lifecycle: Lifecycle<State>): AppClass<Awaited<State>>;
  cls<State>(
    name: string,
    ...rest: readonly [Lifecycle<State>] | readonly [WorkerOptions, Lifecycle<State>]
  ): AppClass<Awaited<State>> {
    const [options, lifecycle] = rest.length === 1 ? [{}, rest[0]] : rest;
    const what = `class ${JSON.stringify(name)}`;
    const workers = settleWorkers(options, what);
    requireKnown(lifecycle, LIFECYCLE_NAMES, what);
    this.#requireFree(requireName(name, 'a class'));
    const definition: ClassDefinition = {
      name,
      enter: requireHandler(lifecycle.enter, `enter of ${name}`),
      exit: lifecycle.exit && requireHandler(lifecycle.exit, `exit of ${name}`),
    };
    this.#classes.set(name, definition);
    return new AppClass({
      definition,
      workers,
      define: (method, state) => this.#define(method, state),
    });
  }

  /**
   * What `warpmap run` runs, in the process of the command: it gets a connection to nodes that have this app, and the
   * arguments after the file. Nothing else calls it, so the module can be served and deployed as well. Throws
   * `OPTION_INVALID` for a second one.
   */
  main(entry: (warp: Connection, ...args: string[]) => unknown): void {
    requireHandler(entry, `main of ${this.name}`);
    if (this.#definition.main) {
      throw new SdkError('OPTION_INVALID', `App ${this.name} has a main already; expected one`);
    }
    this.#definition.main = entry as AppDefinition['main'];
  }

  #define(definition: FunctionDefinition, state?: () => Promise<readonly unknown[]>): unknown {
    const name = requireName(definition.name, 'a function');
    this.#requireFree(name);
    this.#functions.set(name, definition);
    const fields = { app: this.name, definition, ...(state && { state }) };
    return definition.generator ? new GeneratorHandle(fields) : new FunctionHandle(fields);
  }

  #requireFree(name: string): void {
    if (!this.#functions.has(name) && !this.#classes.has(name)) return;
    throw new SdkError('OPTION_INVALID', `App ${this.name} has a function ${name} already; give this another name`);
  }
}

const LIFECYCLE_NAMES: ReadonlySet<string> = new Set<keyof Lifecycle<unknown>>(['enter', 'exit']);
