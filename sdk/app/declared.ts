/** The types by which those of a handler flow to its handle. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { FunctionDefinition, Schema } from '../../shard/app/definition.ts';
import { isGeneratorFunction } from '../../shard/app/generator.ts';
import { SdkError } from '../errors.ts';
import type { FunctionHandle, GeneratorHandle } from './handle.ts';

/** A handler, with its return type as it is. */
export type Handler<A extends readonly unknown[], R> = (...args: A) => R;

export type BatchHandler<I, O> = (inputs: I[]) => readonly O[] | Promise<readonly O[]>;

/** What the handler of a class takes beside its state. */
export type Method<State, A extends readonly unknown[], R> = (state: State, ...args: A) => R;

export type BatchMethod<State, I, O> = (state: State, inputs: I[]) => readonly O[] | Promise<readonly O[]>;

/** What callers give a function whose inputs fit a schema. */
export type InputOf<S extends Schema> = StandardSchemaV1.InferInput<S>;

/** What its handler gets. */
export type Parsed<S extends Schema> = StandardSchemaV1.InferOutput<S>;

/** What is declared by a handler that gives an `R`: a generator function yields items, any other has one output. */
export type HandleOf<A extends readonly unknown[], R> = [R] extends [never]
  ? FunctionHandle<A, R>
  : 0 extends 1 & R
    ? FunctionHandle<A, R>
    : [R] extends [Generator<infer Y, unknown, never> | AsyncGenerator<infer Y, unknown, never>]
      ? GeneratorHandle<A, Y>
      : FunctionHandle<A, Awaited<R>>;

/** `what` is as in `the handler of double`. Throws `OPTION_INVALID`. */
export function requireHandler(handler: unknown, what: string): FunctionDefinition['handler'] {
  if (typeof handler === 'function') return handler as FunctionDefinition['handler'];
  throw new SdkError('OPTION_INVALID', `Expected ${what} to be a function, got ${typeof handler}`);
}

/** A handler, and whether it yields items. Throws `OPTION_INVALID`, also for a batched one that does. */
export function declared(
  handler: unknown,
  name: string,
  { batched = false }: { readonly batched?: boolean } = {},
): Pick<FunctionDefinition, 'handler' | 'generator'> {
  const generator = isGeneratorFunction(handler);
  if (generator && batched) {
    throw new SdkError('OPTION_INVALID', `Expected the handler of ${name} to give an array: a batched one can't yield`);
  }
  return { handler: requireHandler(handler, `the handler of ${name}`), generator };
}
