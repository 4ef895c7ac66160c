import { contexts } from '../../shard/app/context.ts';
import type { FunctionDefinition, SettledOptions } from '../../shard/app/definition.ts';
import { isGenerator, type Items } from '../../shard/app/generator.ts';
import { validate } from '../../shard/app/validate.ts';
import { SdkError } from '../errors.ts';
import { hereOnly } from './here.ts';

export interface HandleFields {
  readonly app: string;
  readonly definition: FunctionDefinition;
  /** What the handler of a class takes before its arguments: its state. Default: nothing. */
  readonly state?: () => Promise<readonly unknown[]>;
}

/** What any function of an app is known by. */
abstract class Handle {
  /** Name of its app. */
  readonly app: string;
  /** That of a class is `Class.method`. */
  readonly name: string;
  readonly options: SettledOptions;

  constructor({ app, definition }: HandleFields) {
    this.app = app;
    this.name = definition.name;
    this.options = definition.options;
  }
}

/** A function of an app: `A` are the arguments of one input, `O` is its output. Nodes run it through a connection. */
export class FunctionHandle<A extends readonly unknown[], O> extends Handle {
  readonly #run: (args: A) => Promise<O>;

  /** Made by an `App`. */
  constructor(fields: HandleFields) {
    super(fields);
    this.#run = (args) => outputOf<O>(fields, args);
  }

  /** Runs the handler on one input here, in this process. */
  local(...args: A): Promise<O> {
    return contexts.run(hereOnly, () => this.#run(args));
  }
}

/** A function of an app that yields items of type `Y`. Nodes run it through a connection. */
export class GeneratorHandle<A extends readonly unknown[], Y> extends Handle {
  readonly #run: (args: A) => AsyncGenerator<Y, void, undefined>;

  /** Made by an `App`. */
  constructor(fields: HandleFields) {
    super(fields);
    this.#run = (args) => itemsOf<Y>(fields, args);
  }

  /** Runs the handler on one input here, in this process, as fast as its items are taken. */
  local(...args: A): AsyncGenerator<Y, void, undefined> {
    return this.#run(args);
  }
}

async function argumentsOf({ definition, state }: HandleFields, args: readonly unknown[]): Promise<Arguments> {
  const { input } = definition;
  const given = input ? [await validate(input, args[0])] : args;
  return { first: (await state?.()) ?? [], given };
}

interface Arguments {
  /** The state of a class. */
  readonly first: readonly unknown[];
  readonly given: readonly unknown[];
}

async function outputOf<O>(fields: HandleFields, args: readonly unknown[]): Promise<O> {
  const { name, options, handler } = fields.definition;
  const { first, given } = await argumentsOf(fields, args);
  if (options.maxBatchSize === undefined) {
    const output = await handler(...first, ...given);
    if (!isGenerator(output)) return output as O;
    throw new SdkError(
      'OPTION_INVALID',
      `${name} gave a generator, but is no generator function: declare it with async function*`,
    );
  }
  const outputs = await handler(...first, given);
  if (Array.isArray(outputs) && outputs.length === 1) return outputs[0] as O;
  throw new SdkError('OUTPUTS_MISCOUNTED', `Expected ${name} to give an array of 1 output for 1 input`);
}

async function* itemsOf<Y>(fields: HandleFields, args: readonly unknown[]): AsyncGenerator<Y, void, undefined> {
  // A generator runs in the context of whoever asks it for the next item.
  const { first, given } = await contexts.run(hereOnly, () => argumentsOf(fields, args));
  const items = contexts.run(hereOnly, () => fields.definition.handler(...first, ...given)) as Items<Y>;
  try {
    for (;;) {
      const step = await contexts.run(hereOnly, () => items.next());
      if (step.done) return;
      yield step.value;
    }
  } finally {
    await contexts.run(hereOnly, () => items.return(undefined));
  }
}
