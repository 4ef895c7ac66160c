import { type Context, contexts } from '../../shard/app/context.ts';
import type { SettledOptions } from '../../shard/app/definition.ts';
import { ShardError } from '../../shard/errors.ts';

export interface HandleFields<A extends readonly unknown[], O> {
  readonly app: string;
  readonly name: string;
  readonly options: SettledOptions;
  readonly run: (...args: A) => Promise<O>;
}

/** A function of an app: `A` are the arguments of one input, `O` is its output. Nodes run it through a connection. */
export class FunctionHandle<A extends readonly unknown[], O> {
  /** Name of its app. */
  readonly app: string;
  readonly name: string;
  readonly options: SettledOptions;
  readonly #run: (...args: A) => Promise<O>;

  /** Made by an `App`. */
  constructor({ app, name, options, run }: HandleFields<A, O>) {
    this.app = app;
    this.name = name;
    this.options = options;
    this.#run = run;
  }

  /** Runs the handler on one input here, in this process. */
  local(...args: A): Promise<O> {
    return contexts.run(hereOnly, () => this.#run(...args));
  }
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
