import {
  type AppDefinition,
  type BatchedOptions,
  defined,
  type FunctionDefinition,
  type FunctionOptions,
} from '../../shard/app/definition.ts';
import { SdkError } from '../errors.ts';
import { FunctionHandle } from './handle.ts';
import { requireName, settleBatched, settleFunction } from './options.ts';

/** A handler, with its return type as it is. */
type Handler<A extends readonly unknown[], R> = (...args: A) => R;
type BatchHandler<I, O> = (inputs: I[]) => readonly O[] | Promise<readonly O[]>;

/**
 * Functions of yours that nodes run: `warpmap serve` runs the module that exports the app, in processes of their own.
 * A name has a letter first, and then up to 62 letters, digits, `_`, `.` or `-`.
 */
export class App {
  readonly name: string;
  readonly #functions = new Map<string, FunctionDefinition>();

  /** Throws `OPTION_INVALID` for a name that is none. */
  constructor(name: string) {
    this.name = requireName(name, 'an app');
    const definition: AppDefinition = { name, functions: this.#functions };
    Object.assign(this, defined(definition));
  }

  /**
   * A function of one input at a time: the handler's parameters are the inputs, what it returns (or its promise
   * resolves to) the outputs. Throws `OPTION_INVALID` for a name that is taken or none, or an unknown option.
   */
  function<A extends readonly unknown[], R>(name: string, handler: Handler<A, R>): FunctionHandle<A, Awaited<R>>;
  function<A extends readonly unknown[], R>(
    name: string,
    options: FunctionOptions,
    handler: Handler<A, R>,
  ): FunctionHandle<A, Awaited<R>>;
  function<A extends readonly unknown[], R>(
    name: string,
    ...rest: readonly [Handler<A, R>] | readonly [FunctionOptions, Handler<A, R>]
  ): FunctionHandle<A, Awaited<R>> {
    const [options, handler] = rest.length === 1 ? [{}, rest[0]] : rest;
    const settled = settleFunction(options, `function ${JSON.stringify(name)}`);
    this.#define({ name, options: settled, handler: requireHandler(handler, name) });
    return new FunctionHandle<A, Awaited<R>>({
      app: this.name,
      name,
      options: settled,
      run: async (...args: A): Promise<Awaited<R>> => await handler(...args),
    });
  }

  /**
   * A function of many inputs at once: the handler gets an array of up to `maxBatchSize` inputs and gives as many
   * outputs, in their order. If it throws, it is run on halves until the input at fault is alone, so it should be safe
   * to run again. Throws `OPTION_INVALID` as `function` does.
   */
  batched<I, O>(name: string, options: BatchedOptions, handler: BatchHandler<I, O>): FunctionHandle<[input: I], O> {
    const settled = settleBatched(options, `batched function ${JSON.stringify(name)}`);
    this.#define({ name, options: settled, handler: requireHandler(handler, name) });
    return new FunctionHandle<[input: I], O>({
      app: this.name,
      name,
      options: settled,
      run: async (input: I) => {
        const outputs = await handler([input]);
        if (Array.isArray(outputs) && outputs.length === 1) return outputs[0] as O;
        throw new SdkError('OUTPUTS_MISCOUNTED', `Expected ${name} to give an array of 1 output for 1 input`);
      },
    });
  }

  #define(definition: FunctionDefinition): void {
    const name = requireName(definition.name, 'a function');
    if (this.#functions.has(name)) {
      throw new SdkError('OPTION_INVALID', `App ${this.name} has a function ${name} already; give this another name`);
    }
    this.#functions.set(name, definition);
  }
}

function requireHandler(handler: unknown, name: string): FunctionDefinition['handler'] {
  if (typeof handler === 'function') return handler as FunctionDefinition['handler'];
  throw new SdkError('OPTION_INVALID', `Expected the handler of ${name} to be a function, got ${typeof handler}`);
}
