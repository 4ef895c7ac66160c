import type { CalledFunction, CalledGenerator } from './called.ts';
import type { DeployedFunctions } from './deployed-functions.ts';
import type { FunctionHandle, GeneratorHandle } from './handle.ts';

type Known = Extract<keyof DeployedFunctions, string>;

/** Apps whose declarations this program has. */
export type DeclaredApp = Known extends `${infer App}/${string}` ? App : never;

/** Functions of one of them. */
export type DeclaredName<App extends string, All = Known> = All extends `${App}/${infer Name}` ? Name : never;

/** What is called, by the handle that was declared. */
export type CalledAs<Handle> =
  Handle extends FunctionHandle<infer A, infer O>
    ? CalledFunction<A, O>
    : Handle extends GeneratorHandle<infer A, infer Y>
      ? CalledGenerator<A, Y>
      : never;

/** A function by both its names. */
export type Declared<App extends string, Name extends string> = `${App}/${Name}` extends Known
  ? CalledAs<DeployedFunctions[`${App}/${Name}`]>
  : never;
