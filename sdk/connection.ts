import type { CollectionInfo, CollectionOptions } from '../shard/app/collection.ts';
import { type Collection, collectionOn, collectionsOn } from './collection.ts';
import type { CallStatus } from '../shard/call/contract.ts';
import { requireKnown } from '../shard/options.ts';
import {
  type CalledEither,
  type CalledFunction,
  type CalledGenerator,
  calledOn,
  type CallOptions,
} from './app/called.ts';
import type { Declared, DeclaredApp, DeclaredName } from './app/deployed.ts';
import type { FunctionHandle, GeneratorHandle } from './app/handle.ts';
import { deployedOn, namedOn } from './app/named.ts';
import type { NamedOptions, RemoteFunction } from './app/remote-function.ts';
import { type CallNodes, callNodesOf } from './call/ask.ts';
import { FunctionCall } from './call/function-call.ts';
import type { CallList } from './call/node-calls.ts';
import type { NodeInfo, NodeStatus } from './contract.ts';
import { type Embed, embedOn } from './embed.ts';
import { errorOf, SdkError } from './errors.ts';
import { urlOf } from './addresses.ts';
import type { Joining } from './joining.ts';
import { Membership } from './membership.ts';
import type { Node } from './node.ts';
import { requireOpen } from './remote-function.ts';
import { requireKey } from './resume.ts';
import type { VolumeOptions } from '../shard/volume/volume.ts';
import { type Volume, volumeOver, volumesOver } from './volume/volume.ts';

export interface ConnectionParts {
  /** How nodes join later. Without it none can. */
  readonly joining?: Joining;
  /** What ends with the connection. */
  readonly owned?: AsyncDisposable;
  /** As in `ConnectOptions`. */
  readonly apps?: Readonly<Record<string, string>> | undefined;
  readonly onCall?: ((id: string) => void) | undefined;
}

/** Open connections to one or more nodes with the same model. */
export class Connection implements AsyncDisposable {
  /** Texts to vectors. */
  readonly embed: Embed;
  /** The model that all nodes have. */
  readonly model: NodeInfo['model'];
  readonly #nodes: Membership;
  readonly #joining: Joining | undefined;
  readonly #owned: AsyncDisposable | undefined;
  readonly #apps: Readonly<Record<string, string>>;
  readonly #calls: CallNodes;
  readonly #arrivals = new Map<string, Promise<void>>();
  #closed: Promise<void> | undefined;

  /** Made by `connect` and `open`. */
  constructor(nodes: readonly Node[], model: NodeInfo['model'], parts: ConnectionParts = {}) {
    this.#nodes = new Membership(nodes);
    this.#joining = parts.joining;
    this.#owned = parts.owned;
    this.#apps = parts.apps ?? {};
    this.#calls = callNodesOf(this.#nodes);
    this.#calls.onBegin = parts.onCall;
    this.model = model;
    this.embed = embedOn(this.#nodes, model);
  }

  /**
   * A store of files by its name. No node is asked before it is used. Throws `OPTION_INVALID`; its methods throw
   * `NO_STORE` where an engine in this process is all that there is.
   */
  volume(name: string, options?: VolumeOptions): Volume {
    return volumeOver(this.#calls, name, options);
  }

  /** Names of the volumes that there are, by rising name. */
  async volumes(): Promise<readonly string[]> {
    return volumesOver(this.#calls).names();
  }

  /** Removes a volume with all of its files, and their history. Does nothing if there is none. */
  async removeVolume(name: string): Promise<void> {
    await volumesOver(this.#calls).remove(name);
  }

  /**
   * Vectors by id. What is stated settles what the collection is like when the first upsert makes it; where it is there
   * already and is not so, what is asked of it is refused with `COLLECTION_MISMATCH`. Throws `OPTION_INVALID`.
   */
  collection(name: string, options?: CollectionOptions): Collection {
    return collectionOn(this.#nodes, name, options);
  }

  /** The collections that there are, by rising name. */
  async collections(): Promise<readonly CollectionInfo[]> {
    return collectionsOn(this.#nodes);
  }

  /** A function of an app, as its module gives it: types and retries are its own. */
  function<A extends readonly unknown[], O>(handle: FunctionHandle<A, O>, options?: CallOptions): CalledFunction<A, O>;
  /** A generator function of an app. */
  function<A extends readonly unknown[], Y>(
    handle: GeneratorHandle<A, Y>,
    options?: CallOptions,
  ): CalledGenerator<A, Y>;
  /** A function of a deployed app by its names, with the types that `warpmap types` has written. */
  function<App extends DeclaredApp, Name extends DeclaredName<App>>(
    app: App,
    name: Name,
    options?: NamedOptions,
  ): Declared<App, Name>;
  /**
   * A function of a deployed app, or of any that the nodes have, by its names; the caller supplies the types. With a
   * `version` all is run by that one.
   */
  function<A extends readonly unknown[] = readonly unknown[], O = unknown>(
    app: string,
    name: string,
    options?: NamedOptions,
  ): CalledEither<A, O>;
  /**
   * A function by its name, that of an app as `app/function`; the caller supplies the types. `options` go to the
   * function with each batch.
   */
  function<I = unknown, O = unknown>(name: string, options?: Readonly<Record<string, unknown>>): RemoteFunction<I, O>;
  function<A extends readonly unknown[], O>(
    named: string | FunctionHandle<A, O> | GeneratorHandle<A, O>,
    second: string | CallOptions | Readonly<Record<string, unknown>> = {},
    third: NamedOptions = {},
  ): unknown {
    if (typeof named !== 'string') {
      return calledOn<A, O>(this.#nodes, named, { ...(second as CallOptions), appNamed: (app) => this.#named(app) });
    }
    if (typeof second !== 'string') {
      const [app, ...rest] = named.split('/');
      const name = rest.length === 0 ? named : [this.#named(app!), ...rest].join('/');
      return namedOn<A, O>(this.#nodes, name, { ...second });
    }
    return deployedOn<A, O>(this.#nodes, { app: this.#named(named), name: second }, third);
  }

  /**
   * A call that `spawn` or `spawnMap` began, in this program or another: `O` is one output, and `R` what `get` gives,
   * for a `spawnMap` an array. No node is asked yet.
   */
  call<O = unknown, R = O>(id: string): FunctionCall<O, R> {
    if (typeof id === 'string' && id !== '') return new FunctionCall<O, R>(this.#calls, id);
    throw new SdkError('OPTION_INVALID', `Expected the id of a call, got ${JSON.stringify(id)}`);
  }

  /** Calls that the nodes keep, newest first. Rejects as `FunctionCall` does. */
  async calls(filter: CallList = {}): Promise<readonly CallStatus[]> {
    requireKnown(filter, LIST_NAMES, 'calls');
    return this.#calls.ask((calls, signal) => calls.list(filter, { signal }));
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

  /** Removes what the nodes have journaled under the key of a map. Throws if one of them can't be told. */
  async forget(key: string): Promise<void> {
    requireOpen(this.#nodes);
    requireKey(key);
    await Promise.all(this.#nodes.nodes.map((node) => node.forget(key)));
  }

  /**
   * Makes the shard server at an address one of the nodes, also of maps that are running; resolves once it is. Does
   * nothing if it is one already. A node that joins has no collections yet, so it takes no part in running maps over
   * one. Throws `NODE_UNREACHABLE`, `NODES_DIFFER` or `OPTION_INVALID`, and a `NodeError` if it refuses.
   */
  async addNode(address: string): Promise<void> {
    requireOpen(this.#nodes);
    const url = urlOf(address);
    if (this.#nodes.find(url)) return;
    let arrival = this.#arrivals.get(url);
    if (!arrival) {
      arrival = this.#join(url).finally(() => this.#arrivals.delete(url));
      this.#arrivals.set(url, arrival);
    }
    await arrival;
  }

  /**
   * Gives a node no more work; what it has in flight is finished there, or elsewhere if it is lost. Resolves once its
   * connections are closed. A map that has no node left waits for another for as long as its `patience`. Throws
   * `OPTION_INVALID` for an address that is not that of a node.
   */
  async removeNode(address: string): Promise<void> {
    requireOpen(this.#nodes);
    const node = this.#nodes.find(urlOf(address));
    if (node) return this.#nodes.remove(node);
    const known = this.#nodes.nodes.map(({ url }) => url).join(', ') || 'none';
    throw new SdkError('OPTION_INVALID', `Expected the address of a node (there are ${known}), got ${address}`);
  }

  #named(app: string): string {
    return Object.hasOwn(this.#apps, app) ? this.#apps[app]! : app;
  }

  async #join(url: string): Promise<void> {
    if (!this.#joining) throw new SdkError('OPTION_INVALID', 'Expected a connection to servers: open() has none');
    const node = await this.#joining.join(url, this.#nodes.closed);
    this.#nodes.add(node);
  }

  /** Ends all maps, closes the connections, and stops the server that `connect` started, if it did. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async #close(): Promise<void> {
    await this.#nodes[Symbol.asyncDispose]();
    await this.#owned?.[Symbol.asyncDispose]();
  }
}

const LIST_NAMES: ReadonlySet<string> = new Set<keyof CallList>(['state', 'function', 'before', 'limit']);
