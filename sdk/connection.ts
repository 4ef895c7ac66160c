import { ShardError } from '../shard/errors.ts';
import { type Collection, collectionOn } from './collection.ts';
import { type CalledFunction, type CalledGenerator, calledOn, type CallOptions } from './app/called.ts';
import type { FunctionHandle, GeneratorHandle } from './app/handle.ts';
import type { Inputs, MapOptions, NodeInfo, NodeStatus, Outputs } from './contract.ts';
import { type Embed, embedOn } from './embed.ts';
import { SdkError } from './errors.ts';
import type { Node, Nodes } from './node.ts';
import { remoteMap, requireOpen } from './remote-function.ts';

/** A function that the nodes have, known by its name. */
export interface RemoteFunction<I, O> {
  readonly name: string;
  map<E extends boolean = false>(inputs: Inputs<I>, options?: MapOptions<E>): Outputs<O, E>;
}

/** Open connections to one or more nodes with the same model. */
export class Connection implements AsyncDisposable {
  /** Texts to vectors. */
  readonly embed: Embed;
  /** The model that all nodes have. */
  readonly model: NodeInfo['model'];
  readonly #nodes: Nodes;
  readonly #closing = new AbortController();
  readonly #owned: AsyncDisposable | undefined;
  #closed: Promise<void> | undefined;

  /** Made by `connect` and `open`. `owned` is what ends with the connection. */
  constructor(nodes: readonly Node[], model: NodeInfo['model'], owned?: AsyncDisposable) {
    this.#nodes = { nodes, closed: this.#closing.signal };
    this.#owned = owned;
    this.model = model;
    this.embed = embedOn(this.#nodes, model);
  }

  collection(name: string): Collection {
    return collectionOn(this.#nodes, name);
  }

  /** A function of an app, as its module gives it: types and retries are its own. */
  function<A extends readonly unknown[], O>(handle: FunctionHandle<A, O>, options?: CallOptions): CalledFunction<A, O>;
  /** A generator function of an app. */
  function<A extends readonly unknown[], Y>(
    handle: GeneratorHandle<A, Y>,
    options?: CallOptions,
  ): CalledGenerator<A, Y>;
  /**
   * A function by its name, that of an app as `app/function`; the caller supplies the types. `options` go to the
   * function with each batch.
   */
  function<I = unknown, O = unknown>(name: string, options?: Readonly<Record<string, unknown>>): RemoteFunction<I, O>;
  function<A extends readonly unknown[], O>(
    named: string | FunctionHandle<A, O> | GeneratorHandle<A, O>,
    options: Readonly<Record<string, unknown>> = {},
  ): CalledFunction<A, O> | CalledGenerator<A, O> | RemoteFunction<A, O> {
    if (typeof named === 'string') return namedOn<A, O>(this.#nodes, named, options);
    return calledOn<A, O>(this.#nodes, named, options);
  }

  /** What each node says of itself now. */
  async nodes(): Promise<NodeStatus[]> {
    requireOpen(this.#nodes);
    return Promise.all(
      this.#nodes.nodes.map(async (node): Promise<NodeStatus> => {
        const { url } = node;
        try {
          return { url, reachable: true, ...(await node.info()) };
        } catch (error) {
          return { url, reachable: false, error: errorOf(error) };
        }
      }),
    );
  }

  /** Ends all maps, closes the connections, and stops the server that `connect` started, if it did. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort(new SdkError('DISPOSED', 'The connection was closed'));
    await Promise.all(this.#nodes.nodes.map((node) => node[Symbol.asyncDispose]()));
    await this.#owned?.[Symbol.asyncDispose]();
  }
}

function namedOn<I, O>(nodes: Nodes, name: string, options: Readonly<Record<string, unknown>>): RemoteFunction<I, O> {
  return { name, map: (inputs, map = {}) => remoteMap(nodes, name, inputs, { options, map }) };
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new ShardError('LANE_LOST', String(error));
}
