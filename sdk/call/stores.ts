import type { NodeInfo } from '../contract.ts';
import { NodeError, SdkError } from '../errors.ts';
import type { Node, Nodes } from '../node.ts';
import { faultOf } from '../transport/fault.ts';
import type { NodeCalls } from './node-calls.ts';

type Store = NonNullable<NodeInfo['store']>;

/** Sees to it that all nodes of a connection that keep calls keep the same ones: any of them may be asked for any call. */
export class Stores {
  readonly #nodes: Nodes;
  readonly #known = new WeakMap<Node, Promise<Store | undefined>>();

  constructor(nodes: Nodes) {
    this.#nodes = nodes;
  }

  /** Throws `STORES_DIFFER`. Nodes that can't be asked now are when they are turned to. */
  async requireOne(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#nodes.nodes.map((node) => this.callsOn(node, signal).catch(onlyDifferent)));
  }

  /** Durable calls on a node. Throws `NO_STORE`, `STORES_DIFFER`, and what the node says that can't be asked. */
  async callsOn(node: Node, signal: AbortSignal): Promise<NodeCalls> {
    if (!node.calls) throw noStore();
    const store = await this.#storeOf(node, node.calls, signal);
    for (const other of this.#nodes.nodes) {
      const known = other === node ? undefined : await this.#known.get(other)?.catch(() => undefined);
      if (store && known && known.id !== store.id) throw differ(node, store, other, known);
    }
    return node.calls;
  }

  #storeOf(node: Node, calls: NodeCalls, signal: AbortSignal): Promise<Store | undefined> {
    let store = this.#known.get(node);
    if (!store) {
      store = storeOn(node, calls, signal);
      this.#known.set(node, store);
      // Asked again when it is turned to again.
      store.catch(() => this.#known.delete(node));
    }
    return store;
  }
}

/** A node opens its store when it is first asked for a call. */
async function storeOn(node: Node, calls: NodeCalls, signal: AbortSignal): Promise<Store | undefined> {
  const { store } = await infoOf(node);
  if (store) return store;
  await calls.list({ limit: 1 }, { signal });
  return (await infoOf(node)).store;
}

async function infoOf(node: Node): Promise<NodeInfo> {
  try {
    return await node.info();
  } catch (error) {
    // That it is not ready, or leaves, may pass.
    throw error instanceof NodeError ? faultOf(node.url, error) : error;
  }
}

function onlyDifferent(error: unknown): void {
  if (error instanceof SdkError && (error.code === 'STORES_DIFFER' || error.code === 'NO_STORE')) throw error;
}

function noStore(): SdkError {
  return new SdkError(
    'NO_STORE',
    'An engine in this process keeps no calls: use connect(), which starts a server that does, or map',
  );
}

function differ(node: Node, store: Store, other: Node, known: Store): SdkError {
  return new SdkError(
    'STORES_DIFFER',
    `Expected all nodes to keep calls in one store, but that of ${other.url} is ${known.kind} ${known.id} and that of ` +
      `${node.url} is ${store.kind} ${store.id}: start them with the same --store, or connect to one of them`,
  );
}
