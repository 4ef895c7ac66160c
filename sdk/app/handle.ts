import { type Context, contexts } from '../../shard/app/context.ts';
import type { FunctionDefinition, SettledOptions } from '../../shard/app/definition.ts';
import { validate } from '../../shard/app/validate.ts';
import { ShardError } from '../../shard/errors.ts';
import { SdkError } from '../errors.ts';

export interface HandleFields {
  readonly app: string;
  readonly definition: FunctionDefinition;
  /** What the handler of a class takes before its arguments: its state. Default: nothing. */
  readonly state?: () => Promise<readonly unknown[]>;
}

/** A function of an app: `A` are the arguments of one input, `O` is its output. Nodes run it through a connection. */
export class FunctionHandle<A extends readonly unknown[], O> {
  /** Name of its app. */
  readonly app: string;
  /** That of a class is `Class.method`. */
  readonly name: string;
  readonly options: SettledOptions;
  readonly #run: (args: A) => Promise<O>;

  /** Made by an `App`. */
  constructor({ app, definition, state = async () => [] }: HandleFields) {
    this.app = app;
    this.name = definition.name;
    this.options = definition.options;
    this.#run = (args) => runHere<O>(definition, state, args);
  }

  /** Runs the handler on one input here, in this process. */
  local(...args: A): Promise<O> {
    return contexts.run(hereOnly, () => this.#run(args));
  }
}

async function runHere<O>(
  { name, options, input, handler }: FunctionDefinition,
  state: () => Promise<readonly unknown[]>,
  args: readonly unknown[],
): Promise<O> {
  const given = input ? [await validate(input, args[0])] : args;
  const first = await state();
  if (options.maxBatchSize === undefined) return (await handler(...first, ...given)) as O;
  const outputs = await handler(...first, given);
  if (Array.isArray(outputs) && outputs.length === 1) return outputs[0] as O;
  throw new SdkError('OUTPUTS_MISCOUNTED', `Expected ${name} to give an array of 1 output for 1 input`);
}

/** The context of a handler that no node runs. */
const hereOnly: Context = {
  signal: new AbortController().signal,
  attempt: 0,
  log(message, fields) {
    process.stderr.write(`${message}${fields ? ` ${JSON.stringify(fields)}` : ''}\n`);
  },
  async embed() {
    throw new ShardError('NO_CONTEXT', 'A handler that is run with local() has no node to embed texts; use remote()');
  },
};
